// What was done to a picture, and how sure that is, in a sentence.

export interface Done {
  readonly untouched: boolean;
  readonly sigmas: readonly number[];
  readonly isEstimated: boolean;
}

export function remarkOn({ untouched, sigmas, isEstimated }: Done, strength: number): string {
  if (strength === 0) return "Strength 0: the picture is as it was.";
  if (untouched) return "No noise was found that each pixel has for itself; the picture is as it was.";
  if (sigmas.length === 0) return "Enhanced.";
  const levels = sigmas.map((sigma) => sigma.toFixed(1)).join(", ");
  return `Enhanced; noise ${isEstimated ? "estimated as" : "of"} ${levels} of 255 levels.`;
}
