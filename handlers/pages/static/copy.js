/* The button that copies a stamp's code. Without this the digits are there to be marked by hand. */
(function () {
  "use strict";
  var button = document.getElementById("copy");
  var digits = document.getElementById("code-digits");
  var said = document.getElementById("copy-said");
  if (!button || !digits || !said || !window.getSelection) return;

  function mark() {
    var range = document.createRange(), chosen = window.getSelection();
    range.selectNodeContents(digits);
    chosen.removeAllRanges();
    chosen.addRange(range);
  }

  function tell(words) {
    said.textContent = "";
    window.setTimeout(function () { said.textContent = words; }, 50);
  }

  /* As old browsers do it, and those inside of apps. The digits stay marked for who must copy them by hand. */
  function copyMarked() {
    var done = false;
    mark();
    try { done = document.execCommand("copy"); } catch (error) { console.warn("not copied", error.name); }
    tell(button.getAttribute(done ? "data-done" : "data-failed"));
  }

  button.hidden = false;
  button.addEventListener("click", function () {
    if (!navigator.clipboard || !navigator.clipboard.writeText) return copyMarked();
    navigator.clipboard.writeText(digits.textContent).then(function () {
      tell(button.getAttribute("data-done"));
    }, copyMarked);
  });
}());
