import { describe, expect, it } from "vitest";
import { splitWords } from "../../../gateway/comfy/command.ts";

describe("a start command", () => {
  it.each([
    ["python main.py --port 8188", ["python", "main.py", "--port", "8188"]],
    ["  python\tmain.py \n", ["python", "main.py"]],
    [`python 'a b.py' "c d"`, ["python", "a b.py", "c d"]],
    [`--name="two words"x`, ["--name=two wordsx"]],
    [String.raw`a\ b "say \"hi\"" 'back\slash'`, ["a b", 'say "hi"', "back\\slash"]],
    [`'it'\\''s'`, ["it's"]],
    [`run '' ""`, ["run", "", ""]],
    ["echo $HOME; rm *", ["echo", "$HOME;", "rm", "*"]],
    ["", []],
  ])("%j is split into words, and nothing in it is run", (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it("is refused when a quote stays open", () => {
    expect(() => splitWords("python 'main.py")).toThrow("a ' is not closed in: python 'main.py");
  });
});
