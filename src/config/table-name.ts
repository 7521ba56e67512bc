/** Apart from the other variables, whose schemas `help` needn't load. */
export const TABLE_NAME_VARIABLE = "TOKEN_TABLE_NAME";
