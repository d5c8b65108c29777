/** The playground: runs the workflow of this endpoint. */

/** @import { WorkflowContract } from "../../../../contract/workflow-contract.ts" */
/** @import { Api } from "../common/api.js" */
/** @import { Problem } from "../form/fields.js" */

import { ApiError } from "../common/api.js";
import { byId } from "../common/dom.js";
import { createDoor } from "../common/door.js";
import { watchHealth } from "../common/health.js";
import { createCode } from "../form/code.js";
import { fieldsOf } from "../form/fields.js";
import { createForm } from "../form/form.js";
import { createHistory } from "../jobs/history.js";
import { createJobPanel } from "../jobs/job.js";

const door = createDoor(async (api) => begin(api, await api.json("contract")));
watchHealth(() => door.knock());

/** @param {Api} api @param {WorkflowContract} contract */
function begin(api, contract) {
  byId("title", HTMLElement).textContent = document.title = contract.contract_id;
  byId("version", HTMLElement).textContent = contract.version;
  const history = createHistory(api);
  const panel = createJobPanel(api, contract.outputs, history.changed);
  const form = createForm(byId("fields", HTMLElement), fieldsOf(contract), api, () => code.refresh());
  const code = createCode(() => form.read().values);

  // The job that is looked at is part of the address: back, forward and reload work.
  const look = () => {
    const [, id = ""] = /^#([\w-]+)$/.exec(location.hash) ?? [];
    history.select(id);
    if (id === "") panel.clear();
    else panel.show(id);
  };
  addEventListener("hashchange", look);
  look();
  history.refresh();

  const element = byId("form", HTMLFormElement);
  const run = byId("run", HTMLButtonElement);
  const trouble = byId("trouble", HTMLElement);
  const panelElement = byId("job", HTMLElement);
  /** @param {readonly Problem[]} problems @param {string} message when none has a place of its own */
  const showProblems = (problems, message) => {
    const others = form.show(problems);
    const lines = problems.length === 0 ? [message] : others.map((problem) => `${problem.path} ${problem.message}`);
    trouble.textContent = lines.join("\n");
  };
  const submit = async () => {
    showProblems([], "");
    const { values, problems } = await form.readForRun();
    code.refresh();
    if (problems.length > 0) {
      showProblems(problems, "");
      return;
    }
    const headers = { "content-type": "application/json" };
    const { job_id } = await api.json("run", { method: "POST", headers, body: JSON.stringify(values) });
    location.hash = job_id;
    history.refresh();
    // On a phone it is below the form.
    if (panelElement.getBoundingClientRect().top > innerHeight / 2) panelElement.scrollIntoView({ behavior: "smooth" });
  };
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    run.disabled = true;
    submit()
      .catch((error) => showProblems(error instanceof ApiError ? error.problems : [], error.message))
      .finally(() => {
        run.disabled = false;
      });
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.requestSubmit(run);
  });
}
