// The errors that Fovea raises on purpose. Everything else that is thrown is a defect of Fovea.

/**
 * A mistake in what the user gave (a file, a flag, a shape), told in one sentence: what is wrong, where, and what to
 * do. The command line prints the message without a stack trace and exits with code 1.
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  /** Names out of files may hold anything: what would break the line or steer a terminal becomes a space. */
  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " "), options);
  }
}

/** A mistake in an option of a function; the message begins with its name. The command line says its flag instead. */
export class OptionError extends UserError {
  override readonly name = "OptionError";
  constructor(
    readonly option: string,
    readonly problem: string,
  ) {
    super(`${option} ${problem}`);
  }
}
