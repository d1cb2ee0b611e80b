// Runs before the first paint, so that a dark page never flashes white. The switch lives in assets/lib/theme.ts.
(function () {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
})();
