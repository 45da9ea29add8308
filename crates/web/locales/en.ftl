date = { $day } { $month ->
    [m1] January
    [m2] February
    [m3] March
    [m4] April
    [m5] May
    [m6] June
    [m7] July
    [m8] August
    [m9] September
    [m10] October
    [m11] November
   *[m12] December
} { $year }, { $time } UTC
footer = keeps what you allow. The app never sees your password.

fact-app = App
fact-connection = Connection
fact-identifier = You, in the app

consent-title = Connect { $connector }
consent-lead = An app asks to use { $connector } for you. It can do only what you allow, and you can take that back at any time.
consent-scopes = What it asks for
scopes-in-english = These descriptions are in English.
consent-next = What happens next
consent-next-sign-in = You sign in at { $provider } and choose what to allow.
consent-next-return = You come back here and see whether it worked.
consent-elsewhere = Your sign-in leaves { $connector }’s own addresses and goes to { $hosts }. The people who run this server set it up so. Continue only if you know where that leads.
consent-elsewhere-here = Your sign-in leaves { $connector }’s own addresses and goes to { $hosts }, on the machine that this server runs on.
consent-continue = Continue to { $provider }
consent-care = Continue only if you came here from the app yourself. If somebody else sent you this link, close this page: your account would be connected for the user named above.
consent-until = This link works until { $when }.

leave-title = On to { $provider }
leave-what = Your browser goes there by itself. If it does not, use the button.

replace-title = This is another account
replace-what = { $connector } was connected with one account, and you have signed in with another. Nothing has been replaced yet.
replace-before = Connected until now
replace-now = You signed in as
replace-do = Which of the two should the app use from now on?
replace-keep = Keep the account from before
replace-take = Use the new account
replace-unnamed = not known

connected-title = { $connector } is connected
connected-what = The app can now use your account, within what you allowed.
connected-do = You can close this page and go back to the app.

partly-title = { $connector } is connected, with less access
partly-what = You left out the following. Tools that need it will not work:
partly-do = If that is what you want, close this page. If not, ask the app for a new link and allow everything on the provider’s page.

kept-title = Nothing was replaced
kept-what = { $connector } stays connected with the account it had. What you just signed in with was thrown away.
kept-do = You can close this page. To use the other account after all, ask the app for a new link.

declined-title = You said no
declined-what = { $connector } told us that you declined, so nothing was changed.
declined-do = If that was a slip, open the link again while it works, or ask the app for a new one. Otherwise you can close this page.

refused-title = { $connector } refused
refused-what = { $connector } did not let the app ask you. Its reason was “{ $code }”. Nothing was changed.
refused-do = You cannot mend this yourself. Tell the people who run the app the reason and the connection named below.

in-its-words = In the words of { $connector }, which are not ours:

provider-failed-title = { $connector } did not answer
provider-failed-what = Your sign-in could not be finished, because { $connector } could not be reached or gave no useful answer. Nothing was changed.
provider-failed-do = Wait a few minutes, then open the link again or ask the app for a new one.

timed-out-title = Time ran out
timed-out-what = Signing in took longer than it may, so nothing was changed.
timed-out-do = Open the link again while it works, or ask the app for a new one.

interrupted-title = The server stopped in the middle
interrupted-what = The server was restarted while your sign-in was being finished, so what { $connector } answered is lost. Nothing was changed.
interrupted-do = Open the link again while it works, or ask the app for a new one.

other-connection-title = This answer belongs elsewhere
other-connection-what = The provider’s answer was for another connection than the one you were signing in to. Nothing was changed.
other-connection-do = Go back to the app, ask for a new link and open only that one.

other-browser-title = You began in another browser
other-browser-what = This sign-in was started in another browser or profile, or its cookie is gone. Only the browser that started it may finish it.
other-browser-do = Go on in that browser, or ask the app for a new link and open it here.

started-elsewhere-title = You began in another browser
started-elsewhere-what = Somebody has begun to sign in with this link in another browser or profile. While that can still be finished, which is for ten minutes, only that browser can go on. Nothing was changed.
started-elsewhere-do = Go on there if it was you. To sign in here, ask the agent or the app for a new link and open that one. If you began nowhere else, tell the people who run the app.

not-signed-in-title = Sign in to the dashboard first
not-signed-in-what = In this environment only members of the Valetkey dashboard can connect an account, and nobody is signed in to it in this browser. Nothing was changed.
not-signed-in-do = Sign in to the dashboard in this browser, then open the link again. If you are no member, ask whoever sent you the link.

other-issuer-title = This answer came from somebody else
other-issuer-what = The answer does not come from the provider you were sent to. It was not used, and nothing was changed.
other-issuer-do = Close this page and ask the app for a new link. If it happens again, tell the people who run the app.

replayed-title = This was already done
replayed-what = The provider’s answer was used before. An answer counts once, so nothing was changed now.
replayed-do = If your account is connected, you can close this page. If not, ask the app for a new link.

stray-answer-title = Nobody is waiting for this answer
stray-answer-what = This address belongs to no sign-in that is under way here. It may be incomplete, or long over. Nothing was changed.
stray-answer-do = Go back to the app and ask for a new link.

busy-title = Almost done
busy-what = Your sign-in is being finished at this moment.
busy-do = Reload this page in a few seconds. If it stays like this for a minute, ask the app for a new link.

link-expired-title = This link has expired
link-expired-what = Links work for a short time only, so that nobody can use an old one. Nothing was changed.
link-expired-do = Ask the agent or the app that gave it to you. It can make a new one at once.

link-unknown-title = This link leads nowhere
link-unknown-what = There is no such link here. A part of it may be missing, or it is from long ago.
link-unknown-do = Check that you copied all of it, or ask the app for a new one.

link-used-title = This link was already used
link-used-what = A link connects an account once. Whatever came of it stays as it is.
link-used-do = If you used it yourself, you can close this page. If you did not, tell the people who run the app, and ask for a new link.

unready-title = This cannot be connected now
unready-what = The connection is switched off or not fully set up.
unready-do = Tell the people who run the app. Once it is set up, ask for a new link.

stale-form-title = This page is out of date
stale-form-what = The button did not come from this browser’s own copy of the page, or cookies are switched off. Nothing was changed.
stale-form-do = Allow cookies for this site, open the link again and press the button there.

not-found-title = There is nothing here
not-found-what = This address leads to no page of this server.
not-found-do = Check the address, or go back to where you came from.

method-not-allowed-title = This page does not work that way
method-not-allowed-what = The address is right, but it does not take this kind of request.
method-not-allowed-do = Open the address in a browser.

internal-title = Something broke on our side
internal-what = The server could not do this because of a fault of its own. It is written down in its log.
internal-do = Try again in a moment. If it happens again, tell the people who run the app when it happened.

unavailable-title = Not possible at the moment
unavailable-what = The server cannot do this just now. Nothing was changed.
unavailable-do = Try again in a minute.

form-lead = An app asks to use { $connector } for you. Type here what { $connector } gave you for that; you can take it back there at any time.
form-lead-bare = An app asks to use { $connector } for you. It needs no key and no password.
form-faults = Something is missing or can’t be right. Nothing was saved yet.
form-refused = { $connector } did not accept this. Check it, and type it again: nothing was saved.
form-unclear = { $connector } could not be asked whether this works, so nothing was saved. Try again in a minute.
form-optional = (optional)
form-choose = Choose…
form-submit = Check and connect
form-submit-bare = Connect
form-kept = What you type is tried at { $connector } now, is kept encrypted on this server, and goes nowhere else. This page never shows it again.
form-elsewhere = What you type goes to { $hosts }, which is not { $connector }’s own. The people who run this server set it up so. Continue only if you know that place.
form-elsewhere-here = What you type goes to { $hosts }, which is not { $connector }’s own, but a place on the machine that this server runs on.
form-bare-elsewhere = What agents do here goes to { $hosts }, which is not { $connector }’s own. The people who run this server set it up so. Continue only if you know that place.
form-bare-elsewhere-here = What agents do here goes to { $hosts }, which is not { $connector }’s own, but a place on the machine that this server runs on.
fault-missing = This is needed.
fault-form = This doesn’t look like what { $connector } has here. Check that it is whole, and nothing around it.
fault-long = This is too long.
fault-key-file = This is not a service account’s key file. Paste the whole JSON file, with client_email and private_key.
fault-private-key = This is not a private key that signs. Paste the whole PEM, from BEGIN to END, without a passphrase: an RSA key, or one of P-256.

unconfirmed-title = The app has not confirmed you
unconfirmed-what = You signed in at { $connector }, and the app did not confirm in time that it is you. Nothing was connected, and what you signed in with was thrown away.
unconfirmed-do = Go back to the app, sign in there, and ask it for a new link.

too-many-tries-title = Too many tries
too-many-tries-what = This link has had all the tries it has, and none of them worked. Nothing was changed.
too-many-tries-do = Look up the right values first, then ask the app for a new link.

yours-title = What you gave { $app }
yours-lead = Every connection of yours in { $app }, and how it stands. What you gave in this browser you can take back here.
yours-link = See and take back what you gave
yours-withdraw = Disconnect { $connector }…
yours-withdraw-what = { $app } can no longer use your account: the access is forgotten here and revoked at { $connector }. To connect again you need a new link.
yours-withdraw-do = Disconnect { $connector }
yours-elsewhere = You can disconnect it in the browser in which you signed in. Or ask the app for a link, and sign in here first.
state-active = Connected
state-expired = No longer connected: it has to be signed in to again
state-pending = Not connected
state-unconfirmed = Signed in, and not confirmed by the app
state-disconnected = Disconnected
withdrawn-revoked = { $connector } is disconnected, and the access is revoked there.
withdrawn-later = { $connector } is disconnected. The access is being revoked there; that goes on by itself.
withdrawn-there = { $connector } is disconnected here. It could not be revoked there from here: remove the app in your account’s settings at { $connector }, too.
withdrawn-shared = { $connector } is disconnected here. Another connection uses the same access, so it was not revoked there.

instance-title = Your connections in { $app }
instance-lead = An agent of { $app } works with your own accounts. This is how each of them stands: sign in where that is missing, then come back to this page for the next.
instance-all = Everything is connected. Go back to the agent; you can close this page.
instance-sign-in = Sign in to { $connector }
instance-others = Your other connections
instance-back-missing = Sign in to what is still missing
instance-back = Back to all your connections
instance-until = This page opens until { $when }.

approve-title = May the agent do this?
approve-lead = An agent wants to act in { $connector } as you. It waits until you decide; nothing has been done yet.
approve-what = What it will do
approve-account = Your account there
approve-reads = This reads from { $connector } and changes nothing.
approve-writes = This adds or changes something in { $connector }.
approve-destroys = This deletes or overwrites something in { $connector }. That may be impossible to undo.
approve-arguments = With exactly this
approve-cut = … and { $count } characters more
approve-more = … and { $count } entries more that are not shown here. Approve only if you know them.
approve-yes = Approve this once
approve-no = Do not allow
approve-care = Approve only what you asked for yourself. What the agent wrote above may be wrong, or may come from somebody else.
approve-until = You can decide until { $when }.

approved-title = Approved, once
approved-what = The agent may now do exactly what you saw, one time, within ten minutes.
approved-do = Go back to the agent. If it does not go on by itself, tell it that you approved. You can close this page.

not-approved-title = Not allowed
not-approved-what = The agent was told no. Nothing was done.
not-approved-do = You can close this page. If it was a slip, ask the agent again in ten minutes.

other-person-title = Not in this browser
other-person-what = Only the person whose account this is can decide, in the browser in which the account was signed in. What the agent wants is not shown here.
other-person-do = Open the link in that browser. If you no longer have it, ask the app for a link to sign in, sign in here, and open this link again.

agent-title = Let { $agent } in to { $app }?
agent-lead = { $agent } wants to work with your own accounts, as you, through { $app }. If you say yes, you sign in at { $provider }, so that it is sure who you are.
agent-name = It calls itself
agent-host = Who vouches for that
agent-nobody = Nobody: any program could call itself so
agent-answered = Where it is let in
agent-here = A program on this computer
agent-care = Go on only if you have connected this agent yourself, just now. If somebody sent you here, they would be the one to use your accounts.
agent-yes = Go on to { $provider }
agent-no = Do not allow

agent-wrong-title = This cannot be answered
agent-wrong-what = The agent that sent you here asked for something that does not exist, or that it may not have ({ $parameter }). Nothing was done.
agent-wrong-do = Go back to the agent and connect it anew, with the address that the app gives you now.

agent-stale-title = Begin anew in the agent
agent-stale-what = This sign-in took too long, was begun in another browser, or its cookie is gone. Nobody was let in.
agent-stale-do = Go back to the agent and connect it again, in one browser and within ten minutes.

agent-not-signed-in-title = You were not signed in
agent-not-signed-in-what = The place where you sign in did not say who you are. Nobody was let in.
agent-not-signed-in-do = Go back to the agent and try again. If it does not work then either, tell the people who run the app.

agent-somebody-else-title = This is another person’s
agent-somebody-else-what = You signed in, but the server that the agent asked for belongs to somebody else. Nobody was let in.
agent-somebody-else-do = If you have several accounts, sign out there and sign in with the right one. Otherwise take the address that the app shows to you yourself.
