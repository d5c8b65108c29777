/**
 * The stand-in for ComfyUI, as slow to answer as a real one. Arguments: the folder of its folders, the port.
 *
 * ComfyUI 0.33 took 1200 POST /prompt in a second from eight clients, on two cores like those that the stand-in takes 4400
 * on: Python needs 0.6 ms more for a request.
 */
import { join } from "node:path";
import { createComfyUi } from "../../local/comfyui/comfyui.ts";

const [folder = "", port] = process.argv.slice(2);
await createComfyUi({
  folders: { output: join(folder, "output"), input: join(folder, "input"), temp: join(folder, "temp") },
  requestMs: 0.6,
}).listen(Number(port));
