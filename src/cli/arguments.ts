import { InvalidArgumentError } from 'commander';

/** Returns a parser for a whole number within bounds. Throws InvalidArgumentError. */
export function readCount(min: number, max: number): (text: string) => number {
  return (text) => {
    const count = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : Number.NaN;
    if (count >= min && count <= max) return count;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
