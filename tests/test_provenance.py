"""What generators leave in files, in the shapes that they really write, and what of it may be told."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from otio_ai_audit import pictures, video
from otio_ai_audit.model import Media, Provenance
from otio_ai_audit.provenance import from_manifest, from_sidecar, from_tags, join, public, sidecars_of

PROMPT = "A red truck in the snow, golden light"
GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 4242, "steps": 20, "positive": ["6", 0], "negative": ["7", 0], "model": ["48", 0]},
    },
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": PROMPT, "clip": ["38", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["38", 0]}},
    "37": {"class_type": "UNETLoader", "inputs": {"unet_name": "Wan/wan2.1_t2v_14B_fp8.safetensors"}},
    "38": {"class_type": "CLIPLoader", "inputs": {"clip_name": "umt5_xxl.safetensors"}},
    "39": {"class_type": "VAELoader", "inputs": {"vae_name": "wan_vae.safetensors"}},
    "48": {"class_type": "ModelSamplingSD3", "inputs": {"shift": 8, "model": ["37", 0]}},
}
CUSTOM: dict[str, Any] = {
    "1": {"class_type": "RandomNoise", "inputs": {"noise_seed": ["9", 0]}},
    "9": {"class_type": "PrimitiveInt", "inputs": {"value": 77}},
    "2": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {"noise": ["1", 0], "guider": ["4", 0], "sampler": ["5", 0], "sigmas": ["5", 1]},
    },
    "4": {"class_type": "BasicGuider", "inputs": {"conditioning": ["6", 0], "model": ["8", 0]}},
    "6": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["7", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["10", 0]}},
    "10": {"class_type": "StringConstant", "inputs": {"string": PROMPT}},
    "8": {"class_type": "UnetLoaderGGUF", "inputs": {"unet_name": "flux1-dev-Q8.gguf"}},
}
CANVAS = {
    "nodes": [{"id": 3, "type": "KSampler"}, {"id": 6, "type": "CLIPTextEncode"}],
    "links": [[1, 6, 0, 3, 1, "CONDITIONING"]],
}
PARAMETERS = (
    f"{PROMPT}\nNegative prompt: blurry, text\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1234, "
    'Size: 512x512, Model hash: abc, Model: juggernaut_v9, Lora hashes: "x: 1, y: 2", Version: v1.10.1'
)


def movie(path: Path, tags: dict[str, str]) -> Path:
    """Write a movie of two frames with tags."""
    options = {"movflags": "use_metadata_tags"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as out:
        out.metadata.update(tags)
        stream = out.add_stream("libvpx-vp9" if path.suffix == ".webm" else "libx264", rate=Fraction(24))
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in (20, 200):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def of_movie(path: Path) -> Provenance:
    return from_tags(video.tags(Media(str(path))), "container tags")


# --- ComfyUI ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("form", ["own tags", "comment", "comment of texts"])
def test_a_graph_in_a_movie_says_seed_prompt_and_model(tmp_path: Path, suffix: str, form: str) -> None:
    tags = {
        "own tags": {"prompt": json.dumps(GRAPH), "workflow": json.dumps(CANVAS)},
        "comment": {"comment": json.dumps({"prompt": GRAPH, "workflow": CANVAS})},
        "comment of texts": {"comment": json.dumps({"prompt": json.dumps(GRAPH), "workflow": "{}"})},
    }[form]
    found = of_movie(movie(tmp_path / f"a{suffix}", tags))
    assert (found.generator, found.seed, found.prompt) == ("ComfyUI", 4242, PROMPT)
    assert found.model == "wan2.1_t2v_14B_fp8"
    assert found.sources == ("container tags",)


def test_seed_and_prompt_are_followed_through_other_nodes() -> None:
    found = from_tags({"prompt": json.dumps(CUSTOM)}, "tags")
    assert (found.seed, found.prompt, found.model) == (77, PROMPT, "flux1-dev-Q8")


def test_the_sampler_that_adds_the_noise_says_the_seed() -> None:
    link = {"positive": ["6", 0]}
    graph = {
        "1": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "disable", "noise_seed": 0, **link}},
        "2": {"class_type": "KSamplerAdvanced", "inputs": {"add_noise": "enable", "noise_seed": 5, **link}},
        "6": {"class_type": "WanVideoTextEncode", "inputs": {"positive_prompt": PROMPT}},
    }
    found = from_tags({"prompt": json.dumps(graph)}, "tags")
    assert (found.seed, found.prompt) == (5, PROMPT)


def test_the_workflow_is_the_same_whatever_runs_in_it() -> None:
    other = json.loads(json.dumps(GRAPH))
    other["3"]["inputs"]["seed"] = 1
    other["6"]["inputs"]["text"] = "A fox"
    renamed = {("9" + id_): node for id_, node in reversed(list(other.items()))}
    text = json.dumps(renamed)
    for id_ in GRAPH:
        text = text.replace(f'["{id_}",', f'["9{id_}",')
    first, second = (from_tags({"prompt": t}, "tags") for t in (json.dumps(GRAPH), text))
    assert first.workflow == second.workflow
    assert (first.seed, second.seed, second.prompt) == (4242, 1, "A fox")
    assert from_tags({"prompt": json.dumps(CUSTOM)}, "tags").workflow != first.workflow


def test_a_workflow_alone_says_that_it_is_one_and_no_more() -> None:
    found = from_tags({"workflow": json.dumps(CANVAS)}, "tags")
    assert found.generator == "ComfyUI" and found.workflow is not None
    assert (found.seed, found.prompt, found.model) == (None, None, None)


# --- pictures ---------------------------------------------------------------------------------------


def test_pictures_carry_graphs_and_parameters(tmp_path: Path) -> None:
    image = Image.new("RGB", (16, 16))
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("prompt", json.dumps(GRAPH))
    image.save(tmp_path / "comfy.png", pnginfo=chunks)
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("parameters", PARAMETERS)
    image.save(tmp_path / "a1111.png", pnginfo=chunks)
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(GRAPH)
    image.save(tmp_path / "comfy.webp", exif=exif)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + PARAMETERS.encode("utf-16-be")
    image.save(tmp_path / "a1111.jpg", exif=exif)
    found = {path.name: from_tags(pictures.picture_tags(path), "picture tags") for path in tmp_path.iterdir()}
    assert {name: one.seed for name, one in found.items()} == {
        "comfy.png": 4242,
        "comfy.webp": 4242,
        "a1111.png": 1234,
        "a1111.jpg": 1234,
    }
    assert {one.prompt for one in found.values()} == {PROMPT}
    assert found["a1111.jpg"].model == "juggernaut_v9"
    assert found["a1111.jpg"].generator == "Stable Diffusion web UI"


def test_a_sequence_is_told_by_its_first_picture(tmp_path: Path) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", PARAMETERS)
    Image.new("RGB", (16, 16)).save(tmp_path / "a_0001.png", pnginfo=chunks)
    media = Media(str(tmp_path / "a_%04d.png"), kind="sequence", rate=Fraction(24), numbers=(1,))
    assert from_tags(pictures.picture_tags(media.files()[0]), "picture tags").seed == 1234


# --- JSON of others ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"type": "WanGP v8.2 by DeepBeepMeep", "prompt": PROMPT, "seed": 9, "model_type": "t2v"},
            ("WanGP", "t2v", PROMPT, 9),
        ),
        ({"positive_prompt": PROMPT, "seed": "12", "model": {"name": "sdxl"}}, (None, "sdxl", PROMPT, 12)),
        (
            {"request": {"Prompt": PROMPT, "Seed": 3.0}, "engine": "gen-4", "software": "Runway"},
            ("Runway", "gen-4", PROMPT, 3),
        ),
        ({"prompt": PROMPT, "seed": -1}, (None, None, PROMPT, None)),
        ({"seed": 2**70, "prompt": ""}, (None, None, None, None)),
        ({"Make": "Canon", "Model": "EOS R5", "Software": "Lightroom"}, (None, None, None, None)),
        ({"streams": [{"codec_name": "h264"}]}, (None, None, None, None)),
        ([1, 2, 3], (None, None, None, None)),
    ],
)
def test_sidecars_say_what_their_keys_say_and_nothing_else(
    data: Any, expected: tuple[str | None, str | None, str | None, int | None]
) -> None:
    found = from_sidecar(json.dumps(data).encode(), "sidecar")
    assert (found.generator, found.model, found.prompt, found.seed) == expected


def test_what_every_encoder_and_camera_writes_is_no_origin(tmp_path: Path) -> None:
    tags = {
        "encoder": "Lavf60.3",
        "comment": "my holiday",
        "make": "Apple",
        "model": "iPhone 15",
        "title": "x",
    }
    assert of_movie(movie(tmp_path / "a.mov", tags)) == Provenance()


def test_files_beside_a_medium_are_known_by_their_names() -> None:
    names = {"x.json", "x.mp4.json", "x_metadata.json", "y.json", "x.txt"}
    found = [path.name for path in sidecars_of(Path("/a/x.mp4"), names)]
    assert set(found) == {"x.json", "x.mp4.json", "x_metadata.json"}


def test_places_are_joined_field_by_field() -> None:
    one = Provenance(seed=1, sources=("container tags",))
    two = Provenance(seed=2, model="wan", sources=("sidecar",))
    assert join(one, two) == Provenance(seed=1, model="wan", sources=("container tags", "sidecar"))
    assert join() == Provenance()


def test_the_hash_of_a_prompt_does_not_hang_on_white_space() -> None:
    assert Provenance(prompt="A  Fox\n").prompt_hash == Provenance(prompt="a fox").prompt_hash


# --- what may be told -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/home/ann/models/wan.safetensors", "/Users/Ann Lee/m/wan", "C:\\Users\\Ann Lee\\m\\wan", "~ann/m/wan"],
)
def test_prompts_and_homes_are_left_out_unless_asked_for(path: str) -> None:
    found = Provenance(model=path, prompt=PROMPT, claims=(f"made by {path}",))
    told = json.dumps(public(found, False))
    assert "ann" not in told.casefold() and "truck" not in told
    assert "wan" in told and str(found.prompt_hash) in told
    assert public(found, True)["prompt"] == PROMPT


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["prompt", "seed", "model", "nodes", "links", "class_type", "inputs", "workflow", "3"]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_no_json_makes_it_stumble_or_tell_a_prompt(data: Any) -> None:
    text = json.dumps(data)
    for found in (
        from_sidecar(text.encode(), "sidecar"),
        from_tags({"comment": text, "prompt": text}, "tags"),
    ):
        assert public(found, False)["prompt"] is None
        assert found.seed is None or 0 <= found.seed < 2**64


@given(st.binary(max_size=200))
def test_no_bytes_make_it_stumble(data: bytes) -> None:
    assert public(from_sidecar(data, "sidecar"), False)["prompt"] is None


def test_no_file_makes_it_stumble(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"\0\0\0\x18ftypisom" + bytes(range(256)) * 4)
    assert video.tags(Media(str(path))) == {}
    assert pictures.picture_tags(path) == {}
    assert from_manifest(path) == Provenance()
    assert from_manifest(tmp_path / "none.mp4") == Provenance()
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
    assert from_sidecar(deep, "sidecar") == Provenance()
