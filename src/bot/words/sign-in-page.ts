import type { Language } from "../../sync/model/account.ts";
import { SIGN_IN_PAGE_IN_GERMAN } from "./de-sign-in-page.ts";
import { SIGN_IN_PAGE_IN_ENGLISH, type SignInPageWords } from "./en-sign-in-page.ts";

export type { SignInPageWords };

export const SIGN_IN_PAGE_WORDS: Record<Language, SignInPageWords> = {
  en: SIGN_IN_PAGE_IN_ENGLISH,
  de: SIGN_IN_PAGE_IN_GERMAN,
};
