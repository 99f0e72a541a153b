// The errors that Fovea raises on purpose. Everything else that is thrown is a defect of Fovea.

/**
 * A mistake in what the user gave (a file, a flag, a shape), told in one sentence: what is wrong, where, and what to
 * do. The command line prints the message without a stack trace and exits with code 1.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}
