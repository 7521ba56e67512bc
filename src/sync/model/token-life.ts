import * as z from "zod";

/** Above it, a date may not hold the end, and the link would look fresh for ever. */
const LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 3600;

/** By a vendor's answer; undefined if that makes no sense. The tokens beside it are kept all the same. */
export const lifeSeconds = z.number().positive().max(LONGEST_LIFE_SECONDS).optional().catch(undefined);

/** For an access token whose life is unknown. One that ends sooner is refused, and then renewed. */
export const UNKNOWN_LIFE_SECONDS = 3600;
