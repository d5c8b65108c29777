"""What nodes find in ComfyUI: its folders, the prompt that runs, and torch, or as much of it as they use."""

import sys
import types
from pathlib import Path

import numpy
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "docker"))

try:
    import torch
except ImportError:
    torch = types.ModuleType("torch")

    class Tensor(numpy.ndarray):
        def detach(self):
            return self

        cpu = detach

        def float(self):
            return self.astype(numpy.float32, copy=False)

        def numpy(self):
            return self.view(numpy.ndarray)

    torch.from_numpy = lambda array: array.view(Tensor)
    sys.modules["torch"] = torch


def tensor(values, kind="float32"):
    """A tensor of whatever numpy makes an array of."""
    return torch.from_numpy(numpy.array(values, kind))


class Comfy:
    """ComfyUI, as far as nodes see it."""

    def __init__(self, folder):
        self.input, self.output, self.temp, self.lent = (folder / name for name in ("input", "output", "temp", "lent"))
        for each in (self.input, self.output, self.temp, self.lent):
            each.mkdir()
        self.prompt_id = "first"

    def save_image_path(self, prefix, folder):
        subfolder, _, filename = prefix.rpartition("/")
        Path(folder, subfolder).mkdir(parents=True, exist_ok=True)
        return str(Path(folder, subfolder)), filename, 1, subfolder, prefix

    def output_file(self, entry):
        return self.output / entry["subfolder"] / entry["filename"]


@pytest.fixture
def comfy(tmp_path, monkeypatch):
    comfy = Comfy(tmp_path)
    folder_paths = types.ModuleType("folder_paths")
    folder_paths.get_input_directory = lambda: str(comfy.input)
    folder_paths.get_output_directory = lambda: str(comfy.output)
    folder_paths.get_temp_directory = lambda: str(comfy.temp)
    folder_paths.get_save_image_path = comfy.save_image_path
    utils = types.ModuleType("comfy_execution.utils")
    utils.get_executing_context = lambda: types.SimpleNamespace(prompt_id=comfy.prompt_id)
    monkeypatch.setitem(sys.modules, "folder_paths", folder_paths)
    monkeypatch.setitem(sys.modules, "comfy_execution", types.ModuleType("comfy_execution"))
    monkeypatch.setitem(sys.modules, "comfy_execution.utils", utils)
    monkeypatch.setenv("COMFY_ENDPOINTS_INPUTS_DIR", str(comfy.lent))
    return comfy
