// What was sent and has been saved need not be kept (kept-text.js).

const sent = sessionStorage.getItem("kept-text:sent");
if (sent && document.querySelector(".messagelist .success")) {
  localStorage.removeItem(sent);
  sessionStorage.removeItem("kept-text:sent");
}
