"""What is still to be done: a feed of tasks that is asked only when somebody is free, and second tries."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")

MANY_SUSPECTS = 32
"""So many second tries may wait for a quiet moment; then the feed has to wait for them."""
ASK_AGAIN = 0.2
"""Seconds after which a feed that had nothing is asked again while somebody is still at work."""


@dataclass(slots=True)
class Order(Generic[K, T]):
    """A task on its way to a worker."""

    key: K
    task: T
    again: bool = False
    """It cost a worker already: this is its second and last try."""


class Inbox(Generic[K, T]):
    """Orders, one at a time.

    A task that may have cost a worker its life is a suspect. It is tried once more when the feed has
    nothing and nobody else is at work, so that it can harm no other task and is not harmed by one.
    """

    def __init__(self, feed: Iterator[tuple[K, T] | None]) -> None:
        self._feed = feed
        self._suspects: deque[Order[K, T]] = deque()
        self._returned: list[Order[K, T]] = []
        self._alone = False
        self.ended = False
        """The feed has no more tasks and never will."""

    def take(self, busy: int) -> Order[K, T] | None:
        """Give the next order; None while there is none, or a suspect must be let alone.

        Parameters
        ----------
        busy
            Tasks that are with workers now.
        """
        if self._alone and busy:
            return None
        self._alone = False
        if self._returned:
            order = self._returned.pop()
            self._alone = order.again
            return order
        if not self.ended and len(self._suspects) < MANY_SUSPECTS:
            try:
                found = next(self._feed)
            except StopIteration:
                self.ended = True
            else:
                if found is not None:
                    return Order(*found)
        if self._suspects and not busy:
            self._alone = True
            return self._suspects.popleft()
        return None

    def give_back(self, order: Order[K, T]) -> None:
        """Take an order back that no worker has seen."""
        self._returned.append(order)

    def suspect(self, order: Order[K, T]) -> bool:
        """Keep an order for its second try; False if it had one."""
        if order.again:
            return False
        order.again = True
        self._suspects.append(order)
        return True

    @property
    def expecting(self) -> bool:
        """Whether the feed may have something, if it is asked again."""
        return not self.ended and not self._alone

    @property
    def over(self) -> bool:
        """Whether nothing will ever be taken again."""
        return self.ended and not self._suspects and not self._returned
