"""Sound: placed to the sample, at its speed and gain, from any file, and never louder than full."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from otio_ai_audit import video
from otio_ai_audit.model import Sound
from otio_ai_audit.video.voice import Voice
from tests.video_clips import pictures

RATES = [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60)]
FULL = 48000


def write(
    path: Path, sound: np.ndarray, codec: str = "pcm_s24le", rate: int = FULL, layout: str = "stereo"
) -> Path:
    """Write sound of shape (channels, samples), float from -1 to 1."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound, np.float32), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        kind = stream.codec_context.format.name
        for ready in av.AudioResampler(format=kind, layout=layout, rate=rate).resample(frame):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return path


def noise(seconds: float, rate: int = FULL, channels: int = 2) -> np.ndarray:
    """Noise up to 6 kHz, so that every place of it is known; other channels are weaker and turned over."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(7).normal(size=count))
    spectrum[np.fft.rfftfreq(count, 1 / rate) > 6000] = 0
    wave = np.fft.irfft(spectrum, count)
    wave *= 0.5 / np.abs(wave).max()
    return np.stack([wave / (-2) ** channel for channel in range(channels)])


def clicks(places: Sequence[int], seconds: float = 1, rate: int = FULL, channels: int = 2) -> np.ndarray:
    sound = np.zeros((channels, round(seconds * rate)))
    sound[:, list(places)] = 0.5
    return sound


def tone(frequency: float, seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * FULL)) / FULL
    return np.stack([0.5 * np.sin(2 * np.pi * frequency * time)] * 2)


def sound(path: Path, start: Any = 0, end: Any = 25, source: Any = 0, **more: Any) -> Sound:
    return Sound(path.name, str(path), Fraction(start), Fraction(end), Fraction(source), **more)


def mixed(
    sounds: Sequence[Sound],
    ranges: Sequence[tuple[int, int]] = ((0, 25),),
    rate: Fraction = Fraction(25),
    problems: list[str] | None = None,
) -> np.ndarray:
    blocks = list(video.mix(sounds, ranges, rate, problems=problems))
    assert all(block.dtype == np.float32 and 0 < len(block) <= FULL for block in blocks)
    result = np.concatenate([np.zeros((0, 2), np.float32), *blocks])
    frames = sum(max(0, end - start) for start, end in ranges)
    assert result.shape == (round(frames / rate * FULL), 2)
    return result


def shift_between(heard: np.ndarray, given: np.ndarray) -> int:
    """Samples by which `heard` comes later."""
    size = 2 * len(heard)
    both = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(given, size))
    best = int(np.fft.irfft(both, size).argmax())
    return best if best < len(heard) else best - size


# --- where


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_click_is_heard_at_its_record_frame(tmp_path: Path, rate: Fraction) -> None:
    file = write(tmp_path / "click.wav", clicks([0]))
    frames = [0, 7, 1000, 5003]
    heard = mixed([sound(file, frame, frame + 5) for frame in frames], [(0, 5010)], rate)
    assert np.flatnonzero(heard[:, 0] > 0.4).tolist() == [round(frame / rate * FULL) for frame in frames]


def test_ranges_follow_each_other(tmp_path: Path) -> None:
    rate = Fraction(24000, 1001)
    given = noise(10)
    file = write(tmp_path / "a.wav", given)
    ranges = [(100, 110), (3, 4), (50, 50), (90, 121)]
    heard = mixed([sound(file, 0, 230)], ranges, rate)
    at = 0
    for start, end in ranges:
        first, last = round(at / rate * FULL), round((at + end - start) / rate * FULL)
        source = round(start / rate * FULL)
        assert np.allclose(heard[first:last, 0], given[0, source : source + last - first], atol=1e-6)
        at += end - start


def test_neighbours_cut_from_one_file_join_without_a_seam(tmp_path: Path) -> None:
    rate = Fraction(30000, 1001)
    given = noise(4)
    file = write(tmp_path / "a.wav", given)
    cuts = [0, 7, 8, 31, 100]
    pieces = [sound(file, a, b, Fraction(a) / rate) for a, b in pairwise(cuts)]
    heard = mixed(pieces, [(0, 100)], rate)
    assert np.allclose(heard.T, given[:, : len(heard)], atol=1e-6)


def test_edges_within_frames_are_kept(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.full((2, FULL), 0.25))
    heard = mixed([sound(file, Fraction(5, 2), Fraction(21, 4))])
    assert np.flatnonzero(heard[:, 0])[[0, -1]].tolist() == [4800, 10079]


def test_what_the_file_does_not_have_is_silent(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.full((2, 4800), 0.25))
    heard = mixed([sound(file, 0, 25, Fraction(-1, 10))])
    assert np.flatnonzero(heard[:, 0])[[0, -1]].tolist() == [4800, 9599]


# --- how


def test_sounds_are_added_and_never_louder_than_full(tmp_path: Path) -> None:
    low = write(tmp_path / "low.wav", np.full((2, FULL), 0.25))
    high = write(tmp_path / "high.wav", np.full((2, FULL), 0.8))
    heard = mixed([sound(low), sound(low, 5, 20), sound(high, 10, 20), sound(high, 15, 20)])
    levels = [0.25, 0.5, 1.0, 1.0, 0.25]
    assert np.allclose(heard[:, 1].reshape(5, -1), np.array(levels)[:, None], atol=1e-6)
    upside_down = write(tmp_path / "down.wav", np.full((2, FULL), -0.8))
    assert mixed([sound(upside_down), sound(upside_down)]).min() == -1


def test_gain_runs_straight_between_its_knots(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.full((2, 2 * FULL), 0.5))
    gain = ((Fraction(10), Fraction(0)), (Fraction(20), Fraction(1)))
    for ranges in ([(0, 50)], [(0, 12), (12, 50)]):
        heard = mixed([sound(file, 0, 50, gain=gain)], ranges)[:, 0]
        frames = (np.arange(len(heard)) + 0.5) / 1920
        assert np.allclose(heard, 0.5 * np.clip((frames - 10) / 10, 0, 1), atol=1e-6)
    assert np.allclose(mixed([sound(file, gain=((Fraction(3), Fraction(1, 2)),))]), 0.25, atol=1e-6)


def test_backwards_is_forwards_turned_round(tmp_path: Path) -> None:
    given = noise(30)
    file = write(tmp_path / "a.wav", given)
    heard = mixed([sound(file, 0, 750, 30, speed=Fraction(-1))], [(0, 750)])
    assert np.allclose(heard, given.T[::-1], atol=1e-6)
    compressed = write(tmp_path / "a.m4a", given, "aac")
    forwards = mixed([sound(compressed, 0, 750)], [(0, 750)])
    backwards = mixed([sound(compressed, 0, 750, 30, speed=Fraction(-1))], [(0, 750)])
    assert np.abs(backwards - forwards[::-1]).max() < 0.02  # the codec makes up some of its noise


@pytest.mark.parametrize("speed", ["1/2", "-1/2", "1001/1000", "3", "-16"])
def test_pitch_follows_speed(tmp_path: Path, speed: str) -> None:
    file = write(tmp_path / "a.wav", tone(440, 8))
    factor = Fraction(speed)
    source = 0 if factor > 0 else 8
    heard = mixed([sound(file, 0, 12, source, speed=factor)], [(0, 12)])[:, 0]
    places = source * FULL + (np.arange(len(heard)) + 0.5) * float(factor) - 0.5
    inside = slice(100, -200)  # the edges of the file ring
    assert np.abs(heard - 0.5 * np.sin(2 * np.pi * 440 * places / FULL))[inside].max() < 1e-3


def test_what_would_fold_back_is_taken_out_and_the_fastest_is_silent(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", tone(15_000, 4))
    assert np.abs(mixed([sound(file, speed=Fraction(4))])[100:-100]).max() < 1e-3
    assert not mixed([sound(file, speed=Fraction(20)), sound(file, speed=Fraction(0))]).any()


def test_a_click_keeps_its_time_at_another_speed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", clicks([24_000]))
    for speed, place in ((Fraction(2), 12_000), (Fraction(3, 4), 32_000)):
        heard = mixed([sound(file, 0, 50, speed=speed)], [(0, 50)])[:, 0]
        assert abs(int(heard.argmax()) - place) <= 1


# --- from what


@pytest.mark.parametrize(
    "name, codec, rate",
    [
        ("a.wav", "pcm_s16le", 48000),
        ("b.wav", "pcm_s24le", 44100),
        ("c.wav", "pcm_f32le", 96000),
        ("d.flac", "flac", 22050),
        ("e.m4a", "aac", 44100),
        ("f.mp3", "mp3", 48000),
        ("g.mka", "aac", 48000),
        ("h.webm", "libopus", 48000),
        ("i.mov", "pcm_s16be", 32000),
    ],
)
def test_any_file_is_heard_in_time_wherever_one_begins(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    file = write(tmp_path / name, noise(16, rate), codec, rate)
    given = noise(16, rate)[0]
    wanted = np.interp(np.arange(16 * FULL) / FULL, np.arange(len(given)) / rate, given)
    for seconds in (0, 3, Fraction(25013, 2000)):
        heard = mixed([sound(file, 0, 50, seconds)], [(0, 50)])
        first = round(seconds * FULL)
        part = wanted[first : first + len(heard)]
        assert shift_between(heard[:, 0], part) == 0
        assert np.corrcoef(heard[:, 0], part)[0, 1] > 0.98
        assert np.corrcoef(heard[:, 1], part)[0, 1] < -0.9


def test_one_channel_is_heard_on_both_sides_at_its_level(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.full((1, FULL), 0.5), layout="mono")
    assert np.allclose(mixed([sound(file)]), 0.5, atol=1e-6)


def test_surround_is_mixed_down(tmp_path: Path) -> None:
    channels = np.zeros((6, FULL))
    channels[0], channels[2] = 0.25, 0.5  # front left, centre
    file = write(tmp_path / "a.wav", channels, layout="5.1")
    assert np.allclose(mixed([sound(file)]), [0.25 + 0.5 * np.sqrt(0.5), 0.5 * np.sqrt(0.5)], atol=1e-4)


def test_files_of_different_rates_stay_together(tmp_path: Path) -> None:
    sounds = []
    for rate in (22050, 44100, 48000, 96000):
        file = write(tmp_path / f"{rate}.wav", clicks([rate * 3], 4, rate), "pcm_f32le", rate)
        sounds.append(sound(file, 2, 102))
    for one in sounds:
        heard = mixed([one], [(0, 102)])[:, 0]
        assert int(np.abs(heard).argmax()) == 3 * FULL + 2 * 1920


def test_sound_of_a_movie_counts_from_its_first_picture(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    with av.open(str(file), "w", options={"movie_timescale": "48000"}) as container:
        picture: Any = container.add_stream("libx264", rate=25)
        picture.width, picture.height, picture.pix_fmt = 256, 128, "yuv420p"
        voice: Any = container.add_stream("aac", rate=FULL, layout="stereo")
        for number, pixels in enumerate(pictures(25)):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        samples = av.AudioFrame.from_ndarray(clicks([4800]).astype(np.float32), "fltp", "stereo")
        samples.sample_rate, samples.pts, samples.time_base = FULL, 9600, Fraction(1, FULL)
        container.mux([*voice.encode(samples), *voice.encode(None)])
    heard = np.abs(mixed([sound(file)])[:, 0])
    assert abs(int(heard.argmax()) - 14_400) <= 24


def test_what_cannot_be_heard_is_silent_and_said_once(tmp_path: Path) -> None:
    mute = tmp_path / "mute.mp4"
    video.encode(mute, pictures(3), Fraction(25))
    noisy = tmp_path / "noise.wav"
    noisy.write_bytes(b"no sound at all" * 100)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n")
    good = write(tmp_path / "good.wav", np.full((2, FULL), 0.25))
    problems: list[str] = []
    names = ["mute.mp4", "noise.wav", "gone.wav", "list.m3u8", "good.wav", "noise.wav"]
    heard = mixed([sound(tmp_path / name) for name in names], problems=problems)
    assert np.allclose(heard, 0.25, atol=1e-6) and good.exists()
    assert [any(name in text for text in problems) for name in names[:5]] == [False, True, True, True, False]
    assert len(problems) == 3 and all(text.endswith(".") for text in problems)
    assert not mixed([sound(tmp_path / "gone.wav")]).any()


def test_damage_is_silent_and_what_follows_keeps_its_place(tmp_path: Path) -> None:
    given = noise(8)
    file = write(tmp_path / "a.m4a", given, "aac")
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    file.write_bytes(data)
    problems: list[str] = []
    heard = mixed([sound(file, 0, 200)], [(0, 200)], problems=problems)
    assert shift_between(heard[-48000:, 0], given[0, -48000:]) == 0
    assert shift_between(heard[:48000, 0], given[0, :48000]) == 0
    assert problems == [f"The sound of {file} is damaged and silent there; render it again."]


def test_a_file_is_open_only_while_it_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, now = 0, 0

    class Counted(Voice):
        def __init__(self, path: str, sample_rate: int) -> None:
            nonlocal most, now
            super().__init__(path, sample_rate)
            now += 1
            most = max(most, now)

    def let_go(voice: Voice, notes: Any) -> None:
        nonlocal now
        now -= 1
        voice.close()

    monkeypatch.setattr("otio_ai_audit.video.sound.Voice", Counted)
    monkeypatch.setattr("otio_ai_audit.video.sound._let_go", let_go)
    file = write(tmp_path / "a.wav", noise(1))
    mixed([sound(file, 25 * n, 25 * n + 25) for n in range(20)], [(0, 500)])
    assert (most, now) == (1, 0)
    half = video.mix([sound(file)], [(0, 500)], Fraction(25))
    next(half)
    half.close()
    assert now == 0


def test_long_files_are_held_in_part(tmp_path: Path) -> None:
    voice = Voice(str(write(tmp_path / "a.wav", noise(60))), FULL)
    most = 0
    for at in range(0, 60 * FULL, FULL):
        voice.read(at, at + FULL)
        most = max(most, len(voice._held))
    voice.close()
    assert most <= 12 * FULL


def test_nothing_to_hear_is_silence() -> None:
    assert not mixed([]).any()
    assert list(video.mix([], [], Fraction(25))) == []
