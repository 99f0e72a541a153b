// Which interface to the C++ engine this is: native/addon/machine.cc holds the same name. scripts/interface.mjs writes both.

export const INTERFACE = "1e561121a222";
