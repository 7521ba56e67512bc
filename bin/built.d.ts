export declare const BUILDS: string;
export declare function writeNote(note: { name: string; sources: string[]; digest: string; at: number }): void;
export declare function digestOf(sources: string[]): string;
export declare function hasChanged(sources: string[], sinceMs: number): boolean;
export declare function upToDateBuild(): Promise<string | undefined>;
