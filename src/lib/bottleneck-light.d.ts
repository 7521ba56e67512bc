/** The build without Redis clients comes without types. */
declare module "bottleneck/light.js" {
  export { default } from "bottleneck";
}
