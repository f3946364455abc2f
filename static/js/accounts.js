// Says so when a security key or passkey was not read: the person stopped, it is another one, or time ran out.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.getElementById("key-failed").hidden = false;
});
