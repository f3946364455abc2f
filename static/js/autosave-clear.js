// What was sent and has been saved need not be kept (autosave.js). The page that follows a form says so by a message of
// success. Messages of the accounts do not count: an editor whose session has ended signs in first, and nothing is saved.

const sent = sessionStorage.getItem("kept-text:sent");
if (sent) {
  if (document.querySelector(".messagelist .success:not(.account)")) localStorage.removeItem(sent);
  sessionStorage.removeItem("kept-text:sent");
}
