// Menus are <details data-menu>: they open without script. This adds what people expect on top:
// one open at a time, closing on Escape and on a click elsewhere, arrow keys between the items.
function openMenus(): NodeListOf<HTMLDetailsElement> {
  return document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");
}

function closeMenus(except?: Element | null): void {
  for (const menu of openMenus()) {
    if (menu !== except) menu.open = false;
  }
}

function moveFocus(menu: HTMLDetailsElement, step: number): void {
  const items = [...menu.querySelectorAll<HTMLElement>("a[href], button:not([disabled])")].filter(
    (item) => item.offsetParent !== null,
  );
  const now = items.indexOf(document.activeElement as HTMLElement);
  items[(now + step + items.length) % items.length]?.focus();
}

export function startMenus(): void {
  document.addEventListener("click", (event) => {
    // The path as it was at the click: what was clicked may have been replaced by it.
    closeMenus(event.composedPath().find((one) => one instanceof Element && one.matches("details[data-menu]")) as Element | undefined);
  });
  document.addEventListener("keydown", (event) => {
    const menu = (event.target as Element).closest<HTMLDetailsElement>("details[data-menu][open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary")?.focus();
      event.stopPropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveFocus(menu, event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    }
  });

  const drawer = document.querySelector<HTMLButtonElement>("[data-drawer-toggle]");
  const sidebar = document.getElementById("sidebar");
  if (!drawer || !sidebar) return;
  const setDrawer = (open: boolean) => {
    document.body.classList.toggle("drawer-open", open);
    drawer.setAttribute("aria-expanded", String(open));
    if (open) sidebar.querySelector<HTMLElement>("a")?.focus();
  };
  drawer.addEventListener("click", () => setDrawer(!document.body.classList.contains("drawer-open")));
  document.querySelector("[data-drawer-backdrop]")?.addEventListener("click", () => setDrawer(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) {
      setDrawer(false);
      drawer.focus();
    }
  });
}
