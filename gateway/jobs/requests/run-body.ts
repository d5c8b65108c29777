import type { Request, Response } from "express";
import { errorCodes } from "../../../contract/api.ts";
import { checkInputs, type InputProblem, type InputValues } from "../../../contract/input-values.ts";
import { fileIdPattern, isMediaType, mediaTypeFits } from "../../../contract/value-types.ts";
import type { ContractInput } from "../../../contract/workflow-contract.ts";
import { type Form, isForm, readForm } from "../../files/form.ts";
import { FetchProblem, fetchFile } from "../../files/from-url.ts";
import type { FileStore } from "../../files/store.ts";
import { appIdOf } from "../../files/upload.ts";
import { uploadProblem } from "../../files/upload-problem.ts";
import { HttpProblem } from "../../http.ts";
import type { Log } from "../../log.ts";
import type { Reach } from "../../net/guarded-fetch.ts";
import type { Workflow } from "../../workflow/load.ts";
import { parseBody } from "../body.ts";
import { createOwnFiles, type OwnFiles } from "./own-files.ts";

/** What a request to run asks for. */
export interface RunBody {
  /** As it was sent, to compare requests by; files of a form by their hash. */
  body: unknown;
  /**
   * The values, checked against the contract and against the files that are there; files at addresses are fetched now.
   * @throws {HttpProblem} 400 with every problem
   */
  inputs(): Promise<InputValues>;
  /** A job has them now. Without this, files that came with the request are removed after its answer. */
  accepted(): void;
}

export interface RunBodyOptions {
  files: FileStore;
  limits: { payloadBytes: number; uploadBytes: number };
  /** Where files may be fetched from. */
  reach: Reach;
  log: Pick<Log, "warn">;
}

/**
 * Takes the body of a run apart: a JSON object of inputs, or a form whose field `inputs` holds that, with a file for each
 * media input in the field of its name. JSON must have been read by `express.raw` before, a form must not.
 */
export type ReadRun = (request: Request, response: Response, workflow: Workflow) => Promise<RunBody>;

export function createReadRun({ files, limits, reach, log }: RunBodyOptions): ReadRun {
  /** Puts the ids of fetched files in the place of their addresses. */
  const fetchFiles = async (
    inputs: readonly ContractInput[],
    values: InputValues,
    request: Request,
    own: OwnFiles,
  ): Promise<InputProblem[]> => {
    const options = { files, reach, appId: appIdOf(request), maxBytes: limits.uploadBytes };
    const fetchOne = async ({ name, type }: ContractInput): Promise<InputProblem[]> => {
      try {
        const file = await fetchFile(String(values[name]), type, options, own.gone);
        own.bring(file);
        values[name] = file.id;
        return [];
      } catch (error) {
        if (!(error instanceof FetchProblem)) throw uploadProblem(error, request, formShape);
        return [{ path: name, code: `url_not_fetched:${name}`, message: error.message }];
      }
    };
    const addressed = inputs.filter(({ name, type }) => isMediaType(type) && isAddress(values[name]));
    // All of them end before it is said what came of them: none may come in later, and stay.
    const settled = await Promise.allSettled(addressed.map(fetchOne));
    return settled.flatMap((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
  };

  return async (request, response, { contract: { inputs } }) => {
    const own = createOwnFiles(files, response, log);
    const dropped = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        await own.drop();
        throw error;
      }
    };
    const sent = await dropped(() =>
      isForm(request)
        ? readRunForm(request, response, inputs, files, limits, own)
        : Promise.resolve({ document: parseBody(request.body), files: [], problems: [] }),
    );
    const hashes = sent.files.map(({ field, file }) => [field, file.sha256]);
    return {
      body: hashes.length === 0 ? sent.document : [sent.document, hashes],
      inputs: () =>
        dropped(async () => {
          const { values, problems } = checkInputs(inputs, withFiles(sent));
          refuse([...sent.problems, ...problems, ...(await fileProblems(inputs, values, files, own))]);
          refuse(await fetchFiles(inputs, values, request, own));
          return values;
        }),
      accepted: own.accept,
    };
  };
}

const formShape =
  "a form to run has a text in its field `inputs`, and at most one file in the field of each media input";

/** @throws {HttpProblem} 400 when there are any */
function refuse(problems: readonly InputProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new HttpProblem(400, errorCodes.validation, { detail: first.code, problems: [...problems] });
}

const isAddress = (value: unknown): boolean => typeof value === "string" && !fileIdPattern.test(value);

interface Sent {
  /** The inputs, but for the files. */
  document: unknown;
  files: Form["files"];
  problems: InputProblem[];
}

async function readRunForm(
  request: Request,
  response: Response,
  inputs: readonly ContractInput[],
  files: FileStore,
  limits: RunBodyOptions["limits"],
  own: OwnFiles,
): Promise<Sent> {
  const media = new Set(inputs.filter(({ type }) => isMediaType(type)).map(({ name }) => name));
  let form: Form;
  try {
    form = await readForm(request, response, {
      ...{ files, appId: appIdOf(request), maxBytes: limits.uploadBytes },
      // One more of each than can be right: whoever mistakes a field's name is told which it was.
      ...{ mostFiles: media.size + 1, mostTexts: inputs.length + 1, textBytes: limits.payloadBytes },
      takesFile: (field) => media.has(field),
    });
  } catch (error) {
    // The rest is read and dropped: a client that still writes would never see the answer.
    request.resume();
    throw uploadProblem(error, request, formShape);
  }
  for (const { file } of form.files) own.bring(file);

  const texts = [...form.texts].flatMap(([name, all]) => all.map((text) => ({ name, text })));
  const [inputsText, ...more] = texts.filter(({ name }) => name === "inputs");
  const document = inputsText === undefined ? {} : parseBody(Buffer.from(inputsText.text));
  const names = form.files.map(({ field }) => field);
  const inDocument = typeof document === "object" && document !== null ? Object.keys(document) : [];
  const twice = names.filter((name, at) => names.indexOf(name) < at || inDocument.includes(name));
  return {
    document,
    files: form.files,
    problems: [
      ...texts
        .filter(({ name }) => name !== "inputs")
        .map(({ name }) =>
          problem(name, "unexpected_inputs", "is a text of the form; put it into the JSON of `inputs`"),
        ),
      ...[...twice, ...more.map(({ name }) => name)].map((name) =>
        problem(name, "invalid_input", "is given twice; give it once"),
      ),
    ],
  };
}

const problem = (name: string, code: string, message: string): InputProblem => ({
  path: name,
  code: `${code}:${name}`,
  message,
});

/** The document with the ids of the form's files in it. */
function withFiles({ document, files }: Sent): unknown {
  if (files.length === 0 || typeof document !== "object" || document === null || Array.isArray(document)) {
    return document;
  }
  return { ...document, ...Object.fromEntries(files.map(({ field, file }) => [field, file.id])) };
}

/** What is wrong with the file ids among the values. Files that are there are held from now on. */
async function fileProblems(
  inputs: readonly ContractInput[],
  values: InputValues,
  files: Pick<FileStore, "get">,
  own: OwnFiles,
): Promise<InputProblem[]> {
  const problems: InputProblem[] = [];
  for (const { name, type } of inputs) {
    const id = values[name];
    if (!isMediaType(type) || typeof id !== "string" || isAddress(id)) continue;
    own.hold(id);
    const file = await files.get(id);
    if (file === undefined) {
      const message = `is "${id}", and there is no such file; upload it to /files first`;
      problems.push(problem(name, "file_not_found", message));
    } else if (!mediaTypeFits(type, file.mediaType)) {
      const message = `is "${id}", a file of type ${file.mediaType}; the input takes ${type}: give such a file`;
      problems.push(problem(name, "media_type_mismatch", message));
    }
  }
  return problems;
}
