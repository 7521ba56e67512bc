import { DOCTOR_IN_GERMAN } from "./de-doctor.ts";
import { DOCTOR_IN_ENGLISH, type DoctorWords } from "./en-doctor.ts";
import type { Words } from "./words.ts";

export type { DoctorWords };

const CATALOGUE: Record<Words["language"], DoctorWords> = { en: DOCTOR_IN_ENGLISH, de: DOCTOR_IN_GERMAN };

/** What only /doctor and questions like it need, for the reader of `words`. */
export const doctorWords = ({ language }: Pick<Words, "language">): DoctorWords => CATALOGUE[language];
