/*
 * Says so when the app could not start. Written for browsers that know nothing newer than themselves; modules have run
 * by the time the page has loaded, and the app marks the page when it starts.
 */
window.addEventListener('load', function () {
    var started = document.documentElement.hasAttribute('data-started');
    var plain = document.getElementById('plain');
    if (!started && plain) plain.removeAttribute('hidden');
});
