// Handing a file to the visitor.

/** Lets the browser store a file. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  const url = URL.createObjectURL(file);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
