// What test/unit/backend/interface.test.ts takes from interface.mjs.
export declare const holders: readonly string[];
export declare function interfaceName(): string;
export declare function heldBy(name: string): string | undefined;
