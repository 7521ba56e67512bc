/** The build without clients for Redis. It comes without types of its own. */
declare module "bottleneck/light.js" {
  export { default } from "bottleneck";
}
