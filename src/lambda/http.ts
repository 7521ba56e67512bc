import type { APIGatewayProxyStructuredResultV2, Context, LambdaFunctionURLEvent } from "aws-lambda";
import { BAD_REQUEST } from "../http/message.ts";
import { readEvent, resultOf } from "./http-event.ts";
import { deadlineOf, kept, madeAtStart } from "./invocation.ts";
import { openQueue, startProgram } from "./program.ts";

const ready = kept(() => startProgram("http", openQueue()));
await madeAtStart(ready);

/** The schedule's call, which keeps a process ready. A request can't imitate it: what its sender chooses is nested deeper. */
interface KeepWarm {
  warm: true;
}

export async function handler(
  event: LambdaFunctionURLEvent | KeepWarm,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | undefined> {
  if ("warm" in event) return undefined;
  const program = await ready();
  program.workUntil(deadlineOf(context));
  const request = readEvent(event);
  const response = request ? await program.http(request) : BAD_REQUEST;
  await program.settled();
  await program.closeIdle();
  return resultOf(response, event.requestContext.http.method);
}
