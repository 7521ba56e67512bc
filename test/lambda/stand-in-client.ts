/** In place of Lambda's own runtime client, where that could not be built. Started like it, with the handler as its argument. */
import path from "node:path";
import { pathToFileURL } from "node:url";

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT = ".", AWS_LAMBDA_FUNCTION_NAME } = process.env;
const runtime = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const [file = "", name = ""] = (process.argv[2] ?? "").split(/\.(?=[^.]+$)/);

const post = (where: string, body: unknown) =>
  fetch(`${runtime}/${where}`, { method: "POST", body: JSON.stringify(body ?? null) });
const facts = (error: unknown) =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message }
    : { errorType: typeof error, errorMessage: String(error) };

type Handler = (event: unknown, context: object) => Promise<unknown>;
let handler: Handler;
try {
  const module: Record<string, Handler> = await import(pathToFileURL(path.join(LAMBDA_TASK_ROOT, `${file}.mjs`)).href);
  handler = module[name] ?? (() => Promise.reject(new Error(`there is no ${name}`)));
} catch (error) {
  await post("init/error", facts(error));
  process.exit(1);
}

for (;;) {
  const next = await fetch(`${runtime}/invocation/next`);
  const awsRequestId = next.headers.get("lambda-runtime-aws-request-id") ?? "";
  const deadlineMs = Number(next.headers.get("lambda-runtime-deadline-ms"));
  const context = {
    awsRequestId,
    functionName: AWS_LAMBDA_FUNCTION_NAME,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
  try {
    await post(`invocation/${awsRequestId}/response`, await handler(await next.json(), context));
  } catch (error) {
    await post(`invocation/${awsRequestId}/error`, facts(error));
  }
}
