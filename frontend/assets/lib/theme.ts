// The theme is chosen by static/frontend/theme.js before the first paint; this only serves the switch.
type Theme = "auto" | "light" | "dark";

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function stored(): Theme {
  const value = document.documentElement.dataset["theme"];
  return value === "light" || value === "dark" ? value : "auto";
}

function apply(theme: Theme): void {
  const shown = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  const root = document.documentElement;
  root.dataset["theme"] = theme;
  if (root.dataset["bsTheme"] !== shown) {
    root.dataset["bsTheme"] = shown;
    document.dispatchEvent(new CustomEvent("xm:theme", { detail: shown }));
  }
  for (const button of document.querySelectorAll<HTMLElement>("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset["setTheme"] === theme));
  }
}

export function startTheme(): void {
  apply(stored());
  dark.addEventListener("change", () => apply(stored()));
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-set-theme]");
    if (!button) return;
    const theme = button.dataset["setTheme"] as Theme;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    apply(theme);
  });
}
