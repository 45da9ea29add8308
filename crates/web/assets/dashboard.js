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
    if (tool.type === "checkbox" ? !tool.checked : !tool.value) return;
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

// About how many tokens a model reads of what is chosen, while it is being chosen.
const weight = document.getElementById("weight");
if (weight) {
  document.addEventListener("change", () => {
    let [count, tokens, unknown] = [0, 0, 0];
    for (const pick of document.querySelectorAll(".pick")) {
      if (!pick.querySelector('input[name="connection"]').checked) continue;
      const all = pick.querySelector('input[type="radio"][value="all"]').checked;
      for (const tool of pick.querySelectorAll("[data-tokens]")) {
        if (!all && !tool.checked) continue;
        const its = Number(tool.dataset.tokens);
        [count, tokens, unknown] = [count + 1, tokens + its, unknown + (its ? 0 : 1)];
      }
    }
    const rest = unknown ? `, ${unknown} of them not weighed` : "";
    weight.textContent = `${count} ${count === 1 ? "tool" : "tools"}, about ${tokens} tokens${rest}`;
  });
}
