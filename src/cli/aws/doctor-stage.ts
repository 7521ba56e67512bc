import { doctorCommand } from "../doctor.ts";
import { addressCheck, checksBefore, environmentOf, findDeployment, type StageDeps } from "./stage.ts";

/** Everything that `doctor` checks, and that the deployment itself is whole. */
export async function doctorOfStage(deps: StageDeps): Promise<number> {
  const { stage, shell, tablesMeant, aws, terminal } = deps;
  const deployment = await findDeployment(aws, stage);
  return doctorCommand(environmentOf(deployment, shell), terminal, deps, {
    before: checksBefore(deployment, aws, tablesMeant),
    beside: [addressCheck(deployment)],
  });
}
