// A text cut at what was found in it. Places count characters of Unicode; findings may stand in each other, the first wins.

export interface Place {
  start: number;
  end: number;
}

export function mark<Finding extends Place>(text: string, findings: Finding[]): { text: string; finding: Finding | null }[] {
  const characters = Array.from(text);
  const parts: { text: string; finding: Finding | null }[] = [];
  let at = 0;
  for (const finding of [...findings].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const end = Math.min(finding.end, characters.length);
    if (finding.start < at || end <= finding.start) continue;
    if (finding.start > at) parts.push({ text: characters.slice(at, finding.start).join(""), finding: null });
    parts.push({ text: characters.slice(finding.start, end).join(""), finding });
    at = end;
  }
  if (at < characters.length) parts.push({ text: characters.slice(at).join(""), finding: null });
  return parts;
}
