// Under a set of titles: each line's length as each chosen media counts it, and lines that are the same words.
interface Limits {
  least_title: number;
  most_title: number;
  most_titles: number;
  latin_percent: number;
}

/** Below this code point a character is narrow (campaigns/domain/rows/media_rules.py counts the same way). */
const FIRST_WIDE = 0x1100;

function lengthOf(text: string, limits: Limits): number {
  let hundredths = 0;
  for (const character of text) hundredths += character.codePointAt(0)! < FIRST_WIDE ? limits.latin_percent : 100;
  return hundredths / 100;
}

/** Width, case, white space and punctuation do not make another title. */
function sameWords(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "") || text.trim();
}

function check(block: Element, media: Map<string, { name: string; limits: Limits }>): void {
  const list = block.querySelector<HTMLElement>("[data-title-check]");
  const area = block.querySelector("textarea");
  if (!list || !area) return;
  const own = [...block.querySelectorAll<HTMLInputElement>('[name$=".media"]:checked')].map((box) => box.value);
  const chosen = [...media].filter(([code]) => !own.length || own.includes(code));
  const words = list.dataset;
  const seen = new Set<string>();
  const lines = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const items = lines.map((line) => {
    const item = document.createElement("li");
    const troubles: string[] = [];
    const counts = new Set<string>();
    for (const [, { name, limits }] of chosen) {
      const length = lengthOf(line, limits);
      counts.add(`${length}/${limits.most_title}`);
      if (length > limits.most_title) troubles.push(`${words["wordsLong"]} (${name} ${length}/${limits.most_title})`);
      if (length < limits.least_title) troubles.push(`${words["wordsShort"]} (${name} ${length}/${limits.least_title})`);
    }
    if (seen.has(sameWords(line))) troubles.push(words["wordsTwice"]!);
    seen.add(sameWords(line));
    item.textContent = `${line.slice(0, 24)} · ${[...counts].join(" · ")}${troubles.length ? ` — ${troubles.join(", ")}` : ""}`;
    item.classList.toggle("text-bad", troubles.length > 0);
    return item;
  });
  for (const [, { name, limits }] of chosen) {
    if (lines.length <= limits.most_titles) continue;
    const item = document.createElement("li");
    item.className = "text-bad";
    item.textContent = `${words["wordsMany"]} ${name} ${limits.most_titles}`;
    items.push(item);
  }
  list.replaceChildren(...items);
}

export function startTitles(form: HTMLFormElement): () => void {
  const checkAll = () => {
    const chosen = new Set([...form.querySelectorAll<HTMLInputElement>('[name="account"]:checked')].map((box) => box.dataset["media"]));
    const media = new Map<string, { name: string; limits: Limits }>();
    for (const panel of form.querySelectorAll<HTMLElement>("[data-media-panel]")) {
      const code = panel.dataset["mediaPanel"]!;
      const name = document.getElementById(`tab-${code}`)!.firstChild!.textContent!.trim();
      if (!chosen.size || chosen.has(code)) media.set(code, { name, limits: JSON.parse(panel.dataset["limits"]!) as Limits });
    }
    for (const block of form.querySelectorAll('[data-blocks="title"] .block')) check(block, media);
  };
  checkAll();
  return checkAll;
}
