import type { APIGatewayProxyStructuredResultV2, Context, LambdaFunctionURLEvent } from "aws-lambda";
import { BAD_REQUEST } from "../http/message.ts";
import { readEvent, resultOf } from "./http-event.ts";
import { deadlineOf, kept } from "./invocation.ts";
import { openQueue, startProgram } from "./program.ts";

const ready = kept(() => startProgram("http", openQueue()));

export async function handler(
  event: LambdaFunctionURLEvent,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  const program = await ready();
  program.workUntil(deadlineOf(context));
  const request = readEvent(event);
  const response = request ? await program.http(request) : BAD_REQUEST;
  await program.settled();
  await program.closeIdle();
  return resultOf(response, event.requestContext.http.method);
}
