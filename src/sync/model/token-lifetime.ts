import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";

/** Above it, a date may not hold the end, and the link would never expire. */
const LONGEST_LIFETIME_SECONDS = 10 * 365 * 24 * 3600;

/** By a vendor's answer; undefined if that makes no sense. The tokens beside it are kept all the same. */
export const lifetimeSeconds = lazy(() =>
  z.number().positive().max(LONGEST_LIFETIME_SECONDS).optional().catch(undefined),
);

/** For an access token whose lifetime is unknown. One that ends sooner is refused, and then renewed. */
export const UNKNOWN_LIFETIME_SECONDS = 3600;
