// What makes the dashboard handier. Every page works without it.

// Buttons that copy: hidden until there is a script that can.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select and copy";
    }
    setTimeout(() => (button.textContent = before), 2000);
  });
}

// Fields that narrow a list to the entries whose words begin with what is typed.
for (const field of document.querySelectorAll("[data-filter]")) {
  field.hidden = false;
  const entries = [...document.getElementById(field.dataset.filter).children];
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/[\s_]+/).filter(Boolean);
    for (const entry of entries) {
      const text = (entry.querySelector("label") ?? entry).textContent.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
    }
  });
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}

// A tool that is ticked is meant: its connection is chosen, and only some of its tools.
for (const tool of document.querySelectorAll("[data-some]")) {
  tool.addEventListener("change", () => {
    if (!tool.checked) return;
    const pick = tool.closest(".pick");
    pick.querySelector('input[name="connection"]').checked = true;
    pick.querySelector('input[type="radio"][value="some"]').checked = true;
  });
}

// Choosing a connection opens it.
for (const box of document.querySelectorAll('.pick input[name="connection"]')) {
  box.addEventListener("change", () => (box.closest(".pick").querySelector("details").open = box.checked));
}

// What is ticked of a list beside "all" is meant.
for (const scope of document.querySelectorAll('.scopes input[type="checkbox"]')) {
  scope.addEventListener("change", () => {
    scope.closest(".scopes").querySelector('input[value="these"]').checked = true;
  });
}
