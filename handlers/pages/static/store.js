/* What this browser keeps of each talk: the bubbles, the messages that are still to be sent, the newest reply's id. */
(function () {
  "use strict";
  var KEPT = 100;
  var memory = {}; // where localStorage is closed to us, or full

  function empty() {
    return { visitor: "", started: false, last: 0, bubbles: [], queue: [] };
  }

  function read(role) {
    try {
      var talk = JSON.parse(localStorage.getItem("chophien." + role));
      if (talk && Array.isArray(talk.bubbles) && Array.isArray(talk.queue)) return talk;
    } catch (error) {
      console.warn("talk not readable", error.name);
    }
    return memory[role] || empty();
  }

  /* Change the talk in one go; other windows of the same browser hear of it by the `storage` event. */
  function change(role, edit) {
    var talk = read(role);
    edit(talk);
    talk.bubbles = talk.bubbles.slice(-KEPT);
    memory[role] = talk;
    try {
      localStorage.setItem("chophien." + role, JSON.stringify(talk));
    } catch (error) {
      console.warn("talk kept in this window only", error.name);
    }
    return talk;
  }

  function newId() {
    var numbers = new Uint32Array(4);
    crypto.getRandomValues(numbers);
    return Array.from(numbers, function (n) { return n.toString(36); }).join("-");
  }

  window.talkStore = { read: read, change: change, empty: empty, newId: newId };
})();
