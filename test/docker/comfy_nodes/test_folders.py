"""Nodes read and write where they are meant to, whatever path a caller gives."""

import pytest
from conftest import tensor

from comfy_nodes.api_nodes import ApiOutput
from comfy_nodes.path_nodes import ImageTensorToPath, PathToImageTensor, PathToTensor, PathToVideoTensor

IMAGE = tensor([[[[0.5, 0.5, 0.5]]]])


def readers(path):
    return [
        lambda: ApiOutput().run("n", "file/bin", value=path),
        lambda: PathToImageTensor().run(path),
        lambda: PathToVideoTensor().run(path),
        lambda: PathToTensor().run(path),
    ]


@pytest.mark.parametrize("folder", ["input", "output", "temp", "lent"])
def test_files_are_read_from_the_job_s_folders(comfy, folder):
    path = getattr(comfy, folder) / "sub" / "a.bin"
    path.parent.mkdir()
    path.write_bytes(b"1")
    assert ApiOutput().run("n", "file/bin", value=f" {path} ")["ui"]["files"]


def test_no_node_reads_anything_else(comfy, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("key")
    (comfy.input / "link.txt").symlink_to(secret)
    (tmp_path / "input-of-another").mkdir()
    (tmp_path / "input-of-another" / "a").write_text("key")
    paths = ["/proc/self/environ", "../secret.txt", str(secret), "link.txt", f"{comfy.input}-of-another/a", "/no/such"]
    for path in paths:
        for read in readers(path):
            with pytest.raises(ValueError, match="lies outside of ComfyUI's input, output and temp folders"):
                read()
    assert not list(comfy.output.iterdir())


def test_without_a_gateway_beside_it_nothing_is_lent(comfy, monkeypatch):
    (comfy.lent / "a").write_bytes(b"1")
    monkeypatch.delenv("COMFY_ENDPOINTS_INPUTS_DIR")
    with pytest.raises(ValueError, match="set COMFY_ENDPOINTS_INPUTS_DIR to the folder"):
        ApiOutput().run("n", "file/bin", value=str(comfy.lent / "a"))


@pytest.mark.parametrize("path", ["../out.png", "/etc/out.png", "link/out.png"])
def test_no_node_writes_anywhere_else(comfy, tmp_path, path):
    (comfy.output / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="lies outside of ComfyUI's output and temp folders; give a path inside"):
        ImageTensorToPath().run(IMAGE, path)
    assert not (tmp_path / "out.png").exists()


def test_temporary_files_go_when_the_next_prompt_makes_some(comfy):
    (first,), (second,) = ImageTensorToPath().run(IMAGE), ImageTensorToPath().run(IMAGE)
    comfy.prompt_id = "next"
    (third,) = ImageTensorToPath().run(IMAGE)
    assert len({first, second, third}) == 3
    left = [path.name for path in comfy.temp.rglob("*.png")]
    assert left == [third.rpartition("/")[2]]


def test_a_temporary_file_is_made_anew_for_every_prompt():
    # ComfyUI runs a node again when what it says here differs from the last time.
    changed = ImageTensorToPath.IS_CHANGED(path="")
    assert changed != changed
    assert ImageTensorToPath.IS_CHANGED(path="a.png") == "a.png"
