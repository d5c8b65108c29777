"""What saved workflows know of the nodes: names, sockets, defaults."""

import inspect

import pytest

from comfy_nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS
from comfy_nodes.any_type import ANY
from comfy_nodes.prompt_card import PromptCard, card_color

SOCKETS = {
    "ApiInput": (["name", "type", "required", "value"], ["*"], ["value"]),
    "ApiOutput": (["name", "type", "value", "image", "filename_prefix"], ["STRING"], ["value"]),
    "PathToTensor": (
        ["path", "max_frames", "resize_width", "resize_height"],
        ["IMAGE", "STRING", "INT", "FLOAT"],
        ["tensor", "media_kind", "frame_count", "fps"],
    ),
    "PathToImageTensor": (["path"], ["IMAGE"], ["image"]),
    "PathToVideoTensor": (
        ["path", "max_frames", "resize_width", "resize_height"],
        ["IMAGE", "INT", "FLOAT", "AUDIO"],
        ["frames", "frame_count", "fps", "audio"],
    ),
    "ImageTensorToPath": (["image", "path", "format"], ["STRING"], ["path"]),
    "VideoTensorToPath": (["frames", "path", "fps", "audio"], ["STRING"], ["path"]),
    "PromptCard": (["prompt", "width", "height"], ["IMAGE"], ["image"]),
}
DEFAULTS = {
    "ApiInput": {"name": "prompt", "type": "string", "required": True, "value": ""},
    "ApiOutput": {"name": "image", "type": "image/png", "value": "", "filename_prefix": ""},
    "PathToTensor": {"path": "", "max_frames": 0, "resize_width": 0, "resize_height": 0},
    "PathToImageTensor": {"path": ""},
    "PathToVideoTensor": {"path": "", "max_frames": 0, "resize_width": 0, "resize_height": 0},
    "ImageTensorToPath": {"path": "", "format": "png"},
    "VideoTensorToPath": {"path": "", "fps": 24.0},
    "PromptCard": {"prompt": "", "width": 512, "height": 512},
}
# ComfyUI refuses a workflow that lacks another one.
OPTIONAL = {
    "ApiOutput": {"value", "image", "filename_prefix"},
    "PathToTensor": {"max_frames", "resize_width", "resize_height"},
    "PathToVideoTensor": {"max_frames", "resize_width", "resize_height"},
    "ImageTensorToPath": {"path", "format"},
    "VideoTensorToPath": {"path", "fps", "audio"},
}


def inputs_of(node):
    kinds = node.INPUT_TYPES()
    return {**kinds["required"], **kinds.get("optional", {})}


@pytest.mark.parametrize("name", SOCKETS)
def test_a_node_has_the_sockets_that_saved_workflows_name_in_their_order(name):
    node = NODE_CLASS_MAPPINGS[name]
    inputs, types, names = SOCKETS[name]
    assert list(inputs_of(node)) == inputs
    assert list(node.RETURN_TYPES) == types
    assert list(node.RETURN_NAMES) == names


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_node_has_the_defaults_of_saved_workflows(name):
    inputs = inputs_of(NODE_CLASS_MAPPINGS[name])
    assert {key: spec[1]["default"] for key, spec in inputs.items() if "default" in spec[1]} == DEFAULTS[name]


@pytest.mark.parametrize("name", SOCKETS)
def test_a_node_does_without_the_inputs_that_saved_workflows_may_leave_out(name):
    node = NODE_CLASS_MAPPINGS[name]
    optional = node.INPUT_TYPES().get("optional", {})
    assert set(optional) == OPTIONAL.get(name, set())
    parameters = inspect.signature(getattr(node(), node.FUNCTION)).parameters
    assert all(parameters[each].default is not inspect.Parameter.empty for each in optional)


def test_every_node_takes_its_inputs_by_name_and_has_a_title():
    assert set(NODE_CLASS_MAPPINGS) == set(SOCKETS) == set(NODE_DISPLAY_NAME_MAPPINGS)
    for node in NODE_CLASS_MAPPINGS.values():
        assert set(inputs_of(node)) == set(inspect.signature(getattr(node(), node.FUNCTION)).parameters)
        assert node.CATEGORY in ("ComfyEndpoints", "ComfyEndpoints/Path")


def test_the_any_type_differs_from_no_type():
    assert (ANY != "INT") is False


def test_the_color_of_a_card_follows_from_the_prompt():
    assert card_color("a lighthouse") == card_color("a lighthouse")
    assert card_color("a lighthouse") != card_color("a harbor")


def test_a_card_is_a_picture_of_the_size_that_is_asked_for():
    (image,) = PromptCard().run("a lighthouse", 96, 64)
    assert tuple(image.shape) == (1, 64, 96, 3)
    assert 0 <= float(image.min()) < float(image.max()) <= 1
