/* The line to the server for one role: says hello, listens for replies, sends what waits, in order, until it is taken. */
(function () {
  "use strict";
  var store = window.talkStore;
  var PATIENCE = 15000; // ms for one request
  var SILENCE = 8000; // ms until a stream that never opened is given up for polling
  var HIDDEN = 60000; // ms in the background after which the stream is given back

  function openLine(role, tell) {
    var as = role === "producer" ? "as=producer" : "";
    var source = null, closed = false, sending = false, greeted = false, polls = !window.EventSource;
    var failures = 0, timers = {};

    function later(name, ms, what) {
      clearTimeout(timers[name]);
      if (!closed) timers[name] = setTimeout(what, ms);
    }

    function backOff() {
      failures = Math.min(failures + 1, 5);
      tell.connected(false);
      return Math.min(15000, 500 * Math.pow(2, failures));
    }

    function request(path, options) {
      var stopper = window.AbortController ? new AbortController() : null;
      if (stopper) options.signal = stopper.signal;
      options.credentials = "same-origin";
      var timer = setTimeout(function () { if (stopper) stopper.abort(); }, PATIENCE);
      return fetch(path, options).then(
        function (response) { clearTimeout(timer); return response; },
        function (error) { clearTimeout(timer); throw error; }
      );
    }

    function post(body) {
      return request("/chat/messages" + (as && "?" + as), {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body)
      });
    }

    /* The first word of a visit: which visitor are we, and what do we have? The cookie comes with the answer. */
    function hello() {
      post({ ack: store.read(role).last }).then(function (response) {
        if (response.status !== 202) throw new Error("hello " + response.status);
        return response.json();
      }).then(function (answer) {
        if (closed) return;
        failures = 0;
        greeted = true;
        var strange = store.read(role).visitor !== answer.visitor;
        if (strange) {
          store.change(role, function (talk) {
            if (talk.visitor) Object.assign(talk, store.empty());
            talk.visitor = answer.visitor;
          });
        }
        tell.greeted();
        listen();
        flush();
      }).catch(function () { later("hello", backOff(), hello); });
    }

    function streamPath(extra) {
      var last = store.read(role).last;
      var query = [as, last ? "last=" + last : "", extra].filter(Boolean).join("&");
      return "/chat/stream" + (query && "?" + query);
    }

    function listen() {
      if (closed || source || !greeted) return;
      if (polls) { poll(); return; }
      source = new EventSource(streamPath(""));
      later("silence", SILENCE, function () { hangUp(); polls = true; poll(); });
      source.onopen = function () { clearTimeout(timers.silence); tell.connected(true); };
      source.onmessage = function (event) { took(Number(event.lastEventId), event.data); };
      source.onerror = function () {
        if (!source || source.readyState !== EventSource.CLOSED) return; // it comes back by itself
        hangUp();
        later("listen", backOff(), listen);
      };
    }

    function hangUp() {
      clearTimeout(timers.silence);
      if (source) source.close();
      source = null;
    }

    function poll() {
      request(streamPath("once=1"), {}).then(function (response) {
        if (!response.ok) throw new Error("poll " + response.status);
        return response.text();
      }).then(function (text) {
        failures = 0;
        tell.connected(true);
        text.split("\n\n").forEach(function (block) {
          var found = /^id: (\d+)\ndata: (.*)$/.exec(block);
          if (found) took(Number(found[1]), found[2]);
        });
        later("poll", 2000, poll);
      }).catch(function () { later("poll", backOff(), poll); });
    }

    function took(id, data) {
      var fresh = false;
      store.change(role, function (talk) {
        var known = talk.bubbles.some(function (bubble) { return bubble.reply === id; });
        talk.last = Math.max(talk.last, id);
        if (known) return;
        fresh = true;
        talk.bubbles.push(Object.assign({ reply: id }, JSON.parse(data)));
      });
      if (fresh) tell.changed(true);
      later("ack", 400, function () {
        post({ ack: store.read(role).last }).catch(function () { /* the next stream says it again */ });
      });
    }

    /* Send the oldest waiting message; the next one goes when it was taken. */
    function flush() {
      var next = store.read(role).queue[0];
      if (closed || sending || !greeted || !next) return;
      sending = true;
      post(next).then(function (response) {
        sending = false;
        if (response.status !== 202 && (response.status >= 500 || response.status === 429)) {
          throw new Error("busy " + response.status);
        }
        failures = 0;
        tell.connected(true);
        settle(next.id, response.status === 202 ? "sent" : "failed");
        flush();
      }).catch(function () {
        sending = false;
        later("flush", backOff(), flush);
      });
    }

    function settle(id, state) {
      store.change(role, function (talk) {
        talk.queue = talk.queue.filter(function (message) { return message.id !== id; });
        talk.bubbles.forEach(function (bubble) { if (bubble.id === id) bubble.state = state; });
      });
      tell.changed(false);
    }

    function back() {
      failures = 0;
      if (!greeted) later("hello", 0, hello);
      else { listen(); flush(); }
    }

    function visibility() {
      if (document.hidden) later("hidden", HIDDEN, hangUp);
      else { clearTimeout(timers.hidden); back(); }
    }

    window.addEventListener("online", back);
    document.addEventListener("visibilitychange", visibility);
    hello();

    return {
      flush: flush,
      close: function () {
        closed = true;
        hangUp();
        Object.keys(timers).forEach(function (name) { clearTimeout(timers[name]); });
        window.removeEventListener("online", back);
        document.removeEventListener("visibilitychange", visibility);
      }
    };
  }

  window.openLine = openLine;
})();
