/* The chat on the page: draws the talk, takes words and taps, switches the role in the demo. */
(function () {
  "use strict";
  var store = window.talkStore;
  var box = document.getElementById("chat");
  var log = document.getElementById("log");
  var form = document.getElementById("composer");
  var words = document.getElementById("words");
  var notice = document.getElementById("notice");
  var says = box.dataset;
  var address = new URL(location.href);
  var ref = address.searchParams.get("ref");
  var role = "customer", line = null, typing = null, typingTimer = 0, lostTimer = 0;

  function make(tag, className, text) {
    var element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  var drawn = says.drawn.split(" ").map(function (name) { return String.fromCodePoint(parseInt(name, 16)); });
  var emojis = new RegExp("((?:" + drawn.join("|") + ")\\ufe0f?)");

  /* Text with our own pictures for the emojis we drew: older devices have none. */
  function withPictures(element, text) {
    text.split(emojis).forEach(function (part, n) {
      if (n % 2 === 0) { element.appendChild(document.createTextNode(part)); return; }
      var picture = make("img", "emo");
      picture.src = says.drawings.replace("name", part.codePointAt(0).toString(16));
      picture.alt = part;
      element.appendChild(picture);
    });
    return element;
  }

  /* Lines "1. …" become a numbered list, the other lines stay text. */
  function paragraphs(text) {
    var parts = document.createDocumentFragment(), list = null;
    text.split("\n").forEach(function (row) {
      var item = /^(\d{1,2})\. (.*)$/.exec(row);
      if (!item) {
        list = null;
        if (row.trim()) parts.appendChild(withPictures(make("p"), row));
        return;
      }
      if (!list) parts.appendChild(list = make("ol"));
      var entry = make("li");
      entry.appendChild(make("span", "number", item[1]));
      entry.appendChild(withPictures(make("span"), item[2]));
      list.appendChild(entry);
    });
    return parts;
  }

  function drawReply(bubble) {
    var row = make("div", "row-bot"), said = make("div", "bubble bot");
    said.appendChild(make("span", "hidden", says.bot + ": "));
    if (bubble.image) {
      var picture = make("img", "shot");
      picture.src = bubble.image;
      picture.alt = bubble.card ? bubble.card.title : "";
      picture.onload = toEnd;
      said.appendChild(picture);
    }
    if (bubble.card) {
      var card = make("div", "card");
      card.appendChild(withPictures(make("b"), bubble.card.title));
      card.appendChild(make("span", "", bubble.card.subtitle));
      said.appendChild(card);
    }
    if (bubble.text) said.appendChild(paragraphs(bubble.text));
    if (bubble.link && bubble.link.words) said.appendChild(make("p", "", bubble.link.words));
    row.appendChild(said);
    if (bubble.link) row.appendChild(drawLink(bubble.link));
    if (bubble.cards && bubble.cards.length) row.appendChild(drawCards(bubble.cards));
    if (bubble.choices && bubble.choices.length) row.appendChild(drawChoices(bubble.choices, ""));
    return row;
  }

  /* What opens a file beside the talk. An address that is neither safe nor our own is only shown. */
  function drawLink(link) {
    var row = make("div", "choices"), target = null;
    try { target = new URL(link.href, location.href); } catch (error) { console.warn("link not readable", error.name); }
    var ours = target && target.protocol === location.protocol && target.origin === location.origin;
    if (!ours && (!target || target.protocol !== "https:")) {
      row.appendChild(make("p", "address", link.title + ": " + link.href));
      return row;
    }
    var anchor = make("a", "choice", link.title);
    anchor.href = target.href;
    anchor.target = "_blank";
    anchor.rel = "noopener";
    row.appendChild(anchor);
    return row;
  }

  /* Buttons. `about` is what those of a card are about: who cannot see the card is told it with each of them. */
  function drawChoices(offered, about) {
    var choices = make("div", "choices");
    offered.forEach(function (choice) {
      var button = make("button", "choice", choice.title);
      button.type = "button";
      if (about) button.setAttribute("aria-label", choice.title + ": " + about);
      button.onclick = function () { send({ choice: choice.id, title: choice.title }, choice.title); };
      choices.appendChild(button);
    });
    return choices;
  }

  /* Goods in a row that is pushed sideways. A picture that does not come leaves its place empty. */
  function drawCards(cards) {
    var row = make("ul", "cards");
    row.setAttribute("role", "list");
    cards.forEach(function (card) {
      var entry = make("li"), frame = make("div", "frame");
      if (card.image) {
        var picture = make("img");
        picture.src = card.image;
        picture.alt = "";
        picture.onerror = function () { frame.removeChild(picture); };
        frame.appendChild(picture);
      }
      entry.appendChild(frame);
      entry.appendChild(withPictures(make("b"), card.title));
      entry.appendChild(make("span", "", card.subtitle));
      if (card.choices.length) entry.appendChild(drawChoices(card.choices, card.title));
      row.appendChild(entry);
    });
    return row;
  }

  function drawMine(bubble) {
    var row = make("div", "row-me"), said = make("div", "bubble me"), state = make("span", "state-" + bubble.state);
    said.appendChild(make("span", "hidden", says.me + ": "));
    said.appendChild(make("p", "", bubble.text));
    state.setAttribute("role", "img");
    state.setAttribute("aria-label", says[bubble.state]);
    state.title = says[bubble.state];
    state.textContent = bubble.state === "sent" ? "✓" : bubble.state === "failed" ? "!" : "◷";
    said.appendChild(state);
    row.appendChild(said);
    if (bubble.state === "failed") {
      var again = make("button", "choice", says.again);
      again.type = "button";
      again.onclick = function () { sendAgain(bubble); };
      row.appendChild(make("p", "failure", says.failed));
      row.appendChild(again);
    }
    return row;
  }

  function keyOf(bubble) {
    return bubble.reply ? "r" + bubble.reply : "m" + bubble.id + bubble.state;
  }

  /* Draw what changed: bubbles that are there already stay as they are, so that only new ones are read aloud. */
  function draw() {
    var bubbles = store.read(role).bubbles, at = log.firstChild;
    bubbles.forEach(function (bubble) {
      var key = keyOf(bubble);
      while (at && at.dataset.key !== key && !bubbles.some(function (other) { return keyOf(other) === at.dataset.key; })) {
        var gone = at;
        at = at.nextSibling;
        log.removeChild(gone);
      }
      if (at && at.dataset.key === key) { at = at.nextSibling; return; }
      var row = bubble.reply ? drawReply(bubble) : drawMine(bubble);
      row.dataset.key = key;
      log.insertBefore(row, at);
    });
    while (at) { var extra = at; at = at.nextSibling; log.removeChild(extra); }
    var replies = log.querySelectorAll(".row-bot");
    replies.forEach(function (row, n) { row.classList.toggle("newest", n === replies.length - 1); });
    if (typing) log.appendChild(typing);
    toEnd();
  }

  /* Show the end, but never past the first line of the newest reply. */
  function toEnd() {
    var newest = log.querySelector(".newest");
    var isLast = newest && !typing && newest === log.lastChild;
    var top = isLast ? newest.offsetTop - log.offsetTop - 8 : log.scrollHeight;
    log.scrollTop = Math.min(top, log.scrollHeight - log.clientHeight);
  }

  function expectReply(expected) {
    clearTimeout(typingTimer);
    if (typing && typing.parentNode) log.removeChild(typing);
    typing = null;
    if (!expected) return;
    typing = make("div", "row-bot typing");
    typing.dataset.key = "typing";
    typing.setAttribute("aria-hidden", "true");
    typing.title = says.typing;
    for (var n = 0; n < 3; n += 1) typing.appendChild(make("i"));
    log.appendChild(typing);
    toEnd();
    typingTimer = setTimeout(function () { expectReply(false); }, 12000);
  }

  /* Keep the message, show it, send it. `shown` is empty for what a person did not say herself. */
  function send(body, shown) {
    var message = Object.assign({ id: store.newId() }, body);
    store.change(role, function (talk) {
      talk.started = true;
      talk.queue.push(message);
      if (shown) talk.bubbles.push({ id: message.id, text: shown, state: "waiting", body: body });
    });
    draw();
    expectReply(true);
    line.flush();
  }

  function sendAgain(bubble) {
    store.change(role, function (talk) {
      talk.queue.push(Object.assign({ id: bubble.id }, bubble.body));
      talk.bubbles.forEach(function (other) { if (other.id === bubble.id) other.state = "waiting"; });
    });
    draw();
    line.flush();
  }

  function note(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  function connected(yes) {
    if (yes) {
      clearTimeout(lostTimer);
      lostTimer = 0;
      note(navigator.cookieEnabled ? "" : says.cookies);
    } else if (!lostTimer) {
      lostTimer = setTimeout(function () { note(says.offline); }, 2500);
    }
  }

  /* We know who we are: open the talk if it is a new one, or bring what the link carried. */
  function greeted() {
    var talk = store.read(role);
    if (ref && role === "customer") {
      var stamp = /^t-(\d{4})(\d{4})(\d{4})$/.exec(ref);
      var sent = ref;
      ref = null;
      address.searchParams.delete("ref");
      history.replaceState(null, "", address.pathname + address.search + address.hash);
      send({ ref: sent }, stamp ? says.stamp.replace("{code}", stamp.slice(1).join(" ")) : "");
    } else if (!talk.started) {
      send({ start: true }, "");
    } else {
      draw();
    }
  }

  function speakAs(newRole) {
    if (line) line.close();
    role = newRole;
    expectReply(false);
    log.setAttribute("aria-busy", "true");
    while (log.firstChild) log.removeChild(log.firstChild);
    draw();
    log.setAttribute("aria-busy", "false");
    box.classList.toggle("as-producer", role === "producer");
    line = window.openLine(role, {
      changed: function (isReply) {
        if (isReply) expectReply(false);
        draw();
      },
      connected: connected,
      greeted: greeted
    });
  }

  function grow() {
    words.style.height = "auto";
    words.style.height = Math.min(words.scrollHeight, 140) + "px";
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var text = words.value.trim();
    if (!text) return;
    words.value = "";
    grow();
    send({ text: text }, text);
    words.focus();
  });

  words.addEventListener("input", grow);
  words.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      form.querySelector("button").click();
    }
  });

  document.querySelectorAll("[data-say]").forEach(function (link) {
    link.addEventListener("click", function () {
      if (role === "customer") send({ text: link.dataset.say }, link.dataset.say);
    });
  });

  var roles = box.querySelectorAll("input[name=role]");
  roles.forEach(function (radio) {
    if (radio.value === address.searchParams.get("as")) radio.checked = true;
    radio.addEventListener("change", function () {
      if (radio.value === "producer") address.searchParams.set("as", "producer");
      else address.searchParams.delete("as");
      history.replaceState(null, "", address.pathname + address.search + address.hash);
      speakAs(radio.value);
    });
  });

  window.addEventListener("storage", function (event) {
    if (event.key === "chophien." + role) draw();
  });

  var chosen = Array.from(roles).filter(function (radio) { return radio.checked; })[0];
  speakAs(chosen ? chosen.value : "customer");
  if (location.hash === "#chat" || ref) box.scrollIntoView();
})();
