"""Sums over eight bytes in a row: one instruction of every x86-64 processor (PSADBW), where there is one.

The plane of a frame is the only large thing that is read, and it comes from memory that is far away. Rows
are asked for eight rows ahead, and 16 bytes at a time are turned into sums and slopes. What is computed is
exactly what the plain loops in `shrink` compute, twice as fast; elsewhere those are used.
"""

from __future__ import annotations

import platform
from typing import Any, TypeAlias

import numba
import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils
from numba.extending import intrinsic, overload

Array: TypeAlias = npt.NDArray[Any]

THERE = platform.machine().lower() in ("x86_64", "amd64") and not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
"""Whether the instruction is there."""

_BYTE, _INT, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_BYTES, _HALF = ir.VectorType(_BYTE, 16), ir.VectorType(_BYTE, 8)
_SUMS = ir.VectorType(_LONG, 2)


def _number(value: int, kind: Any = _LONG) -> Any:
    return ir.Constant(kind, value)


def _group(b: Any, rows: list[Any], kind: Any, slopes: bool) -> tuple[Any, Any]:
    """Sum each eight bytes over eight rows, and, if asked, the slopes of every second row."""
    psadbw = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        b.module, ir.FunctionType(_SUMS, [_BYTES, _BYTES]), "llvm.x86.sse2.psad.bw"
    )

    def load(place: Any) -> Any:
        found = b.load(b.bitcast(place, kind.as_pointer()))
        found.align = 1
        if kind is _HALF:  # the upper half becomes zeros, which add nothing
            mask = ir.Constant(ir.VectorType(_INT, 16), list(range(8)) + [8] * 8)
            found = b.shuffle_vector(found, ir.Constant(_HALF, None), mask)
        return found

    values = [load(row) for row in rows]
    total, slope = ir.Constant(_SUMS, None), ir.Constant(_SUMS, None)
    for n, value in enumerate(values):
        total = b.add(total, b.call(psadbw, [value, ir.Constant(_BYTES, None)]))
        if slopes and n % 2 == 0:
            right = load(b.gep(rows[n], [_number(1)]))
            slope = b.add(slope, b.call(psadbw, [value, right]))
            slope = b.add(slope, b.call(psadbw, [value, values[n + 1]]))
    return total, slope


def _eight_rows(slopes: bool) -> Any:
    """Make a function for compiled code that adds eight rows of a run of bytes to `sums`.

    It takes the plane as one line, the place of the run in it, the pitch, the bytes of the run (a multiple
    of eight), and the sums with the place of the first one; it returns Σ(|dx| + |dy|) of every second
    row, or 0. The byte after the run is the neighbour of its last one.
    """

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        plane = context.make_array(signature.args[0])(context, b, args[0])
        out = context.make_array(signature.args[4])(context, b, args[4])
        start, pitch = b.gep(plane.data, [args[1]]), args[2]
        goal = b.gep(out.data, [args[5]])
        total = cgutils.alloca_once_value(b, ir.Constant(_SUMS, None))  # type: ignore[no-untyped-call]
        address = _BYTE.as_pointer()
        asks = ir.FunctionType(ir.VoidType(), [address, _INT, _INT, _INT])
        prefetch = b.module.declare_intrinsic("llvm.prefetch", [address], asks)

        def rows(at: Any, first: int) -> list[Any]:
            return [b.gep(at, [b.mul(pitch, _number(first + n))]) for n in range(8)]

        def add(place: Any, values: Any, kind: Any) -> None:
            place = b.bitcast(place, kind.as_pointer())
            held = b.load(place)
            held.align = 4
            b.store(b.add(held, values), place).align = 4

        def collect(slope: Any) -> None:
            b.store(b.add(b.load(total), slope), total)

        with cgutils.for_range(b, b.lshr(args[3], _number(4))) as loop:
            at = b.gep(start, [b.shl(loop.index, _number(4))])
            line = b.and_(loop.index, _number(3))  # a line of the cache is 64 bytes
            with b.if_then(b.icmp_unsigned("==", line, _number(0))):
                for row in rows(at, 8):
                    b.call(prefetch, [row, _number(0, _INT), _number(3, _INT), _number(1, _INT)])
            sums, slope = _group(b, rows(at, 0), _BYTES, slopes)
            pair = ir.VectorType(_INT, 2)
            add(b.gep(goal, [b.shl(loop.index, _number(1))]), b.trunc(sums, pair), pair)
            collect(slope)
        with b.if_then(b.trunc(b.lshr(args[3], _number(3)), ir.IntType(1))):  # eight bytes are left over
            done = b.and_(args[3], _number(-16))
            sums, slope = _group(b, rows(b.gep(start, [done]), 0), _HALF, slopes)
            last = b.trunc(b.extract_element(sums, _number(0, _INT)), _INT)
            add(b.gep(goal, [b.lshr(done, _number(3))]), last, _INT)
            collect(slope)
        both = b.load(total)
        return b.add(*[b.extract_element(both, _number(n, _INT)) for n in range(2)])

    def eight_rows(
        typing: Any, plane: Any, start: Any, pitch: Any, count: Any, sums: Any, first: Any
    ) -> tuple[Any, Any]:
        kinds = plane, *[numba.types.uint64] * 3, sums, numba.types.uint64
        return numba.types.int64(*kinds), generate

    return intrinsic(eight_rows)


_add_sums, _add_both = _eight_rows(slopes=False), _eight_rows(slopes=True)


def luma_by_eights(plane: Array, factor: int, cell: int, eighths: Array, sums: Array, detail: Array) -> bool:
    """Do what `box_luma` does, if this can be done here: 8 bits, and boxes of a multiple of eight."""
    return False


def colour_by_eights(plane: Array, across: int, down: int, eighths: Array, sums: Array) -> bool:
    """Do what `box_chroma` does for one plane a colour, if this can be done here."""
    return False


def _luma(plane: Array, factor: int, cell: int, eighths: Array, sums: Array, detail: Array) -> bool:
    height, width = sums.shape
    rows, columns = detail.shape
    wide = width * factor
    pitch = plane.shape[1]
    flat, every = plane.ravel(), sums.ravel()
    detail[:, :] = 0
    for sy in range(height):
        goal, place = (every, sy * width) if factor == 8 else (eighths, 0)
        for k in range(wide // 8):
            goal[place + k] = 0
        row = min(sy // cell, rows - 1)
        for y in range(sy * factor, sy * factor + factor, 8):
            for c in range(columns):
                x = c * cell * factor
                count = (wide if c == columns - 1 else x + cell * factor) - x
                found = _add_both(
                    *(flat, np.uint64(y * pitch + x), np.uint64(pitch), np.uint64(count)),
                    *(goal, np.uint64(place + x // 8)),
                )
                detail[row, c] += found
            for k in range(y, y + 8, 2):  # the last column has no neighbour
                x = k * pitch + wide - 1
                detail[row, columns - 1] -= abs(np.int64(flat[x]) - np.int64(flat[x + 1]))
        if factor != 8:
            _join(eighths, factor // 8, sums[sy])
    return True


def _colour(plane: Array, across: int, down: int, eighths: Array, sums: Array) -> bool:
    height, width = sums.shape
    pitch = plane.shape[1]
    flat, every = plane.ravel(), sums.ravel()
    for sy in range(height):
        goal, place = (every, sy * width) if across == 8 else (eighths, 0)
        for k in range(width * across // 8):
            goal[place + k] = 0
        for y in range(sy * down, sy * down + down, 8):
            _add_sums(
                *(flat, np.uint64(y * pitch), np.uint64(pitch), np.uint64(width * across)),
                *(goal, np.uint64(place)),
            )
        if across != 8:
            _join(eighths, across // 8, sums[sy])
    return True


@numba.njit(nogil=True, error_model="numpy")
def _join(eighths: Array, parts: int, out: Array) -> None:
    for x in range(out.size):
        s = np.int32(0)
        for k in range(parts):
            s = np.int32(s + eighths[x * parts + k])
        out[x] = s


def _only_bytes(plane: Any, fast: Any, plain: Any) -> Any:
    return fast if THERE and plane.dtype == numba.types.uint8 else plain


@overload(luma_by_eights, strict=False)  # the types of arguments are written differently
def _luma_by_eights(plane: Any, factor: Any, cell: Any, eighths: Any, sums: Any, detail: Any) -> Any:
    return _only_bytes(plane, _luma, luma_by_eights)


@overload(colour_by_eights, strict=False)
def _colour_by_eights(plane: Any, across: Any, down: Any, eighths: Any, sums: Any) -> Any:
    return _only_bytes(plane, _colour, colour_by_eights)
