// Cells of the row preview that are corrected in place. A correction is a hidden input: {rule, field, value}.
interface Correction {
  rule: unknown;
  field: string;
  value: string;
}

export function startCorrections(holder: HTMLElement, changed: () => void): void {
  const inputs = () => [...holder.querySelectorAll<HTMLInputElement>("input")];
  const key = (rule: unknown) => JSON.stringify(Object.entries(rule as object).sort());
  const drop = (rule: unknown, field: string) => {
    for (const input of inputs()) {
      const kept = JSON.parse(input.value) as Correction;
      if (kept.field === field && key(kept.rule) === key(rule)) input.remove();
    }
  };
  const keep = (correction: Correction) => {
    drop(correction.rule, correction.field);
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: holder.dataset["name"] ?? "override", value: JSON.stringify(correction) });
    holder.append(input);
    changed();
  };
  const edit = (button: HTMLElement) => {
    const input = document.createElement("input");
    input.className = "cell-input";
    input.value = button.dataset["value"] ?? "";
    input.setAttribute("aria-label", button.getAttribute("aria-label") ?? "");
    input.dataset["notASetting"] = "";
    button.hidden = true;
    button.after(input);
    input.select();
    let isDone = false;
    const close = (isKept: boolean) => {
      if (isDone) return;
      isDone = true;
      const value = input.value.trim();
      input.remove();
      button.hidden = false;
      button.focus();
      if (isKept && value !== (button.dataset["value"] ?? "")) {
        button.textContent = value || "—";
        keep({ rule: JSON.parse(button.dataset["rule"]!), field: button.dataset["editCell"]!, value });
      }
    };
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      event.stopPropagation();
      close(event.key === "Enter");
    });
    input.addEventListener("blur", () => close(true));
    input.focus();
  };
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-edit-cell], [data-undo-cell], [data-undo-all], [data-skip-row]");
    if (!button) return;
    if (button.dataset["editCell"]) return edit(button);
    if (button.hasAttribute("data-skip-row")) {
      return keep({ rule: JSON.parse(button.dataset["rule"]!), field: "skip", value: "yes" });
    }
    if (button.dataset["undoCell"]) drop(JSON.parse(button.dataset["rule"]!), button.dataset["undoCell"]);
    else holder.replaceChildren();
    changed();
  });
}
