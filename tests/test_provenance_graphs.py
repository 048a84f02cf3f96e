"""ComfyUI's graphs as people build them: several samplers, texts that other nodes make, old and new forms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from otio_ai_audit.model import Provenance
from otio_ai_audit.provenance import from_tags

PROMPT = "A red truck in the snow"
Node = dict[str, Any]


def node(kind: str, **inputs: Any) -> Node:
    return {"class_type": kind, "inputs": inputs}


def of(graph: dict[str, Node]) -> Provenance:
    return from_tags({"prompt": json.dumps(graph)}, "tags")


def text(words: str = PROMPT) -> Node:
    return node("CLIPTextEncode", text=words, clip=["1", 1])


def ends(*rest: str) -> Node:
    return node("SaveVideo", **{f"video{n}": [one, 0] for n, one in enumerate(rest)})


LOADER = node("CheckpointLoaderSimple", ckpt_name="video\\wan.safetensors")


def sampler(seed: Any, positive: str = "2", **more: Any) -> Node:
    return node("KSampler", seed=seed, steps=20, model=["1", 0], positive=[positive, 0], **more)


# --- which sampler ----------------------------------------------------------------------------------


def test_a_second_pass_is_not_what_the_clip_begins_with() -> None:
    graph = {
        "1": LOADER,
        "2": text(),
        "3": sampler(2, latent_image=["4", 0], denoise=0.4),
        "4": node("LatentUpscale", samples=["9", 0]),
        "9": sampler(1, denoise=1.0),
        "10": node("VAEDecode", samples=["3", 0]),
        "11": ends("10"),
    }
    assert (of(graph).seed, of(graph).prompt, of(graph).model) == (1, PROMPT, "wan")


def test_a_mended_face_has_another_seed_than_the_clip() -> None:
    graph = {
        "1": LOADER,
        "2": text(),
        "3": node("FaceDetailer", image=["8", 0], seed=9, steps=8, denoise=0.5, positive=["5", 0]),
        "5": text("a face"),
        "8": node("VAEDecode", samples=["9", 0]),
        "9": sampler(1),
    }
    assert (of(graph).seed, of(graph).prompt) == (1, PROMPT)


def test_two_stages_of_one_clip_count_from_the_first() -> None:
    graph = {
        "1": node("UNETLoader", unet_name="ltx.safetensors"),
        "2": text(),
        "3": node("CFGGuider", model=["1", 0], positive=["2", 0]),
        "4": node("SamplerCustomAdvanced", noise=["5", 0], guider=["3", 0], latent_image=["6", 0]),
        "5": node("RandomNoise", noise_seed=22),
        "6": node("LTXVLatentUpsampler", samples=["7", 0], upscale_model=["9", 0]),
        "7": node("SamplerCustomAdvanced", noise=["8", 0], guider=["3", 0]),
        "8": node("RandomNoise", noise_seed=11),
        "9": node("LatentUpscaleModelLoader", model_name="upscaler.safetensors"),
    }
    assert (of(graph).seed, of(graph).model, of(graph).prompt) == (11, "ltx", PROMPT)


def test_noise_that_is_switched_off_is_no_seed() -> None:
    graph = {
        "2": text(),
        "3": node("BasicGuider", conditioning=["2", 0]),
        "4": node("SamplerCustomAdvanced", noise=["5", 0], guider=["3", 0], latent_image=["6", 0]),
        "5": node("DisableNoise"),
        "6": node("SamplerCustomAdvanced", noise=["7", 0], guider=["3", 0]),
        "7": node("RandomNoise", noise_seed=11),
    }
    assert of(graph).seed == 11


def test_a_clip_made_from_a_made_still_has_the_seed_of_its_motion() -> None:
    graph = {
        "1": LOADER,
        "2": text("a still"),
        "3": sampler(1),
        "4": node("VAEDecode", samples=["3", 0]),
        "5": node("WanImageToVideo", positive=["6", 0], negative=["2", 0], start_image=["4", 0]),
        "6": text("it drives off"),
        "7": {
            "class_type": "KSampler",
            "inputs": {"seed": 2, "positive": ["5", 0], "latent_image": ["5", 2]},
        },
    }
    assert (of(graph).seed, of(graph).prompt) == (2, "it drives off")


def test_a_graph_that_makes_several_things_does_not_say_which() -> None:
    graph = {"1": LOADER, "2": text(), "3": sampler(1), "4": sampler(2), "5": ends("3"), "6": ends("4")}
    assert (of(graph).seed, of(graph).prompt, of(graph).model) == (None, PROMPT, "wan")


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("WanVideoSampler", {"text_embeds": ["4", 0], "image_embeds": ["6", 0], "model": ["5", 0]}),
        ("HyVideoSampler", {"hyvid_embeds": ["4", 0], "model": ["5", 0]}),
    ],
)
def test_samplers_that_take_embeddings(kind: str, inputs: Node) -> None:
    graph = {
        "3": node(kind, seed=5, steps=30, **inputs),
        "4": node("WanVideoTextEncode", positive_prompt=PROMPT, negative_prompt="blurry", t5=["9", 0]),
        "5": node("WanVideoModelLoader", model="WanVideo/wan_14B_fp8.safetensors", lora=["8", 0]),
        "6": node("WanVideoClipVisionEncode", positive_prompt="not this"),
        "8": node("WanVideoLoraSelect", lora="fast.safetensors"),
        "9": node("LoadWanVideoT5TextEncoder", model_name="umt5.safetensors"),
    }
    found = of(graph)
    assert (found.seed, found.prompt, found.model) == (5, PROMPT, "wan_14B_fp8")


def test_a_node_that_has_a_service_do_it_says_all_itself() -> None:
    graph = {
        "1": node("VeoVideoGenerationNode", prompt=PROMPT, seed=8, model="veo-3.0", image=["3", 0]),
        "2": ends("1"),
        "3": node("LoadImage", image="/home/ann/a.png"),
    }
    found = of(graph)
    assert (found.generator, found.seed, found.prompt, found.model) == ("ComfyUI", 8, PROMPT, "veo-3.0")


# --- texts and numbers that other nodes make ---------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        (node("StringConstantMultiline", string=PROMPT), PROMPT),
        (node("PrimitiveStringMultiline", value=PROMPT), PROMPT),
        (node("OllamaGenerate", prompt="Enhance this: truck", seed=4), None),
        (node("StringConcatenate", string_a="A", string_b="truck"), None),
        (node("ImpactWildcardProcessor", wildcard_text="__car__", populated_text=PROMPT, seed=3), PROMPT),
        (node("ShowText|pysssss", text=["8", 0], text_0=PROMPT), PROMPT),
    ],
)
def test_a_text_counts_only_where_it_is_what_was_said(maker: Node, expected: str | None) -> None:
    graph = {
        "1": LOADER,
        "2": node("CLIPTextEncode", text=["7", 0]),
        "3": sampler(1),
        "7": maker,
        "8": node("OllamaGenerate", prompt="x"),
    }
    assert (of(graph).prompt, of(graph).seed) == (expected, 1)


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        (node("Seed (rgthree)", seed=12), 12),
        (node("PrimitiveInt", value=12), 12),
        (node("Random Number", minimum=0, maximum=99, seed=12), None),
        (node("Seed (rgthree)", seed=-1), None),
        (node("PrimitiveInt", value=2**64), None),
    ],
)
def test_a_seed_counts_only_where_it_is_the_number(maker: Node, expected: int | None) -> None:
    assert of({"1": LOADER, "2": text(), "3": sampler(["7", 0]), "7": maker}).seed == expected


def test_the_model_is_the_one_that_the_sampler_is_led_to() -> None:
    graph = {
        "0": node("UpscaleModelLoader", model_name="4x.pth"),
        "1": node("UNETLoader", unet_name="low_noise.safetensors"),
        "2": text(),
        "3": node("KSamplerAdvanced", noise_seed=1, add_noise="enable", model=["6", 0], positive=["2", 0]),
        "4": node(
            "KSamplerAdvanced",
            add_noise="disable",
            noise_seed=0,
            model=["1", 0],
            positive=["2", 0],
            latent_image=["3", 0],
        ),
        "6": node("LoraLoaderModelOnly", model=["7", 0], lora_name="fast.safetensors"),
        "7": node("UNETLoader", unet_name="high_noise.safetensors"),
    }
    assert (of(graph).model, of(graph).seed) == ("high_noise", 1)


def test_circles_and_dead_ends_lead_nowhere() -> None:
    graph = {
        "1": node("KSampler", seed=["2", 0], positive=["2", 0], model=["2", 0], latent_image=["1", 0]),
        "2": node("Odd", seed=["1", 0], positive=["1", 0], text=["2", 0], model=["99", 0]),
    }
    found = of(graph)
    assert found.generator == "ComfyUI"
    assert (found.seed, found.prompt, found.model) == (None, None, None)


# --- the form of the user interface ------------------------------------------------------------------


def canvas(new: bool) -> dict[str, Any]:
    """The same workflow as older and newer programs write it, with a node that only passes on."""

    def slot(name: str, link: int | None, widget: bool = False) -> dict[str, Any]:
        return {"name": name, "link": link, **({"widget": {"name": name}} if widget else {})}

    def widgets(*names: str) -> list[dict[str, Any]]:
        return [slot(name, None, True) for name in names] if new else []

    ends_of = ((1, 1, 0, 3, 0), (2, 2, 0, 9, 0), (3, 9, 0, 3, 1), (4, 6, 0, 3, 2), (5, 6, 0, 5, 0))
    names = ("id", "origin_id", "origin_slot", "target_id", "target_slot")
    return {
        "nodes": [
            {
                "id": 3,
                "type": "KSampler",
                "inputs": [
                    *(slot("model", 1), slot("positive", 3), slot("negative", 4)),
                    *widgets("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
                ],
                "widgets_values": [77, "randomize", 20, 6.0, "euler", "simple", 1.0],
            },
            {"id": 9, "type": "Reroute", "inputs": [slot("", 2)]},
            {"id": 2, "type": "CLIPTextEncode", "inputs": widgets("text"), "widgets_values": [PROMPT]},
            {"id": 6, "type": "CLIPTextEncode", "inputs": widgets("text"), "widgets_values": ["blurry"]},
            {
                "id": 1,
                "type": "UNETLoader",
                "inputs": widgets("unet_name", "weight_dtype"),
                "widgets_values": ["wan.safetensors", "default"],
            },
            {
                "id": 5,
                "type": "KSampler",
                "mode": 4,
                "inputs": [slot("positive", 5)],
                "widgets_values": [5, "fixed"],
            },
        ],
        "links": [dict(zip(names, one, strict=True)) if new else [*one, "ANY"] for one in ends_of],
    }


@pytest.mark.parametrize("new", [False, True])
def test_a_workflow_of_the_user_interface_is_read_too(new: bool) -> None:
    found = from_tags({"workflow": json.dumps(canvas(new))}, "tags")
    assert (found.seed, found.prompt, found.model) == (77, PROMPT, "wan")


def test_both_forms_of_a_workflow_have_one_shape() -> None:
    shapes = {from_tags({"workflow": json.dumps(canvas(new))}, "tags").workflow for new in (False, True)}
    assert len(shapes) == 1


def test_what_was_run_goes_before_what_was_on_the_screen() -> None:
    graph = {"1": LOADER, "2": text(), "3": sampler(1)}
    tags = {"workflow": json.dumps(canvas(True)), "prompt": json.dumps(graph)}
    assert from_tags(tags, "tags") == from_tags(dict(reversed(tags.items())), "tags") == of(graph)


@pytest.mark.parametrize(
    "garbled",
    [
        {
            "nodes": [{"id": [1], "type": {}, "inputs": 3, "widgets_values": "x"}],
            "links": [[1, [2], 0, {}, 0]],
        },
        {"nodes": [None, 4, {"id": None}], "links": [None, {}, [1], "x"]},
        {
            "nodes": [{"id": 1, "inputs": [{"link": {}, "widget": 2}], "widgets_values": [[], {}]}],
            "links": [],
        },
    ],
)
def test_garbled_workflows_say_only_that_they_are_some(garbled: dict[str, Any]) -> None:
    found = from_tags({"workflow": json.dumps(garbled)}, "tags")
    assert found.generator == "ComfyUI" and found.seed is None and found.prompt is None
