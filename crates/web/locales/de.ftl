date = { $day }. { $month ->
    [m1] Januar
    [m2] Februar
    [m3] März
    [m4] April
    [m5] Mai
    [m6] Juni
    [m7] Juli
    [m8] August
    [m9] September
    [m10] Oktober
    [m11] November
   *[m12] Dezember
} { $year }, { $time } Uhr UTC
footer = bewahrt, was Sie erlauben. Die App erfährt Ihr Passwort nie.

fact-app = App
fact-connection = Verbindung
fact-identifier = Sie, in der App

consent-title = { $connector } verbinden
consent-lead = Eine App möchte { $connector } für Sie benutzen. Sie darf nur, was Sie erlauben, und Sie können das jederzeit zurücknehmen.
consent-scopes = Worum sie bittet
scopes-in-english = Diese Beschreibungen gibt es nur auf Englisch.
consent-next = Wie es weitergeht
consent-next-sign-in = Sie melden sich bei { $provider } an und wählen, was Sie erlauben.
consent-next-return = Sie kommen hierher zurück und sehen, ob es geklappt hat.
consent-elsewhere = Ihre Anmeldung verlässt die Adressen von { $connector } und geht an { $hosts }. So ist es von denen eingerichtet, die diesen Server betreiben. Fahren Sie nur fort, wenn Sie wissen, wohin das führt.
consent-elsewhere-here = Ihre Anmeldung verlässt die Adressen von { $connector } und geht an { $hosts }, auf dem Rechner, auf dem dieser Server läuft.
consent-continue = Weiter zu { $provider }
consent-care = Fahren Sie nur fort, wenn Sie selbst aus der App hierher gekommen sind. Hat Ihnen jemand anders diesen Link geschickt, schließen Sie die Seite: Ihr Konto würde sonst für die oben genannte Person verbunden.
consent-until = Dieser Link gilt bis { $when }.

leave-title = Weiter zu { $provider }
leave-what = Ihr Browser geht von selbst dorthin. Tut er es nicht, benutzen Sie den Knopf.

replace-title = Das ist ein anderes Konto
replace-what = { $connector } war mit einem Konto verbunden, und Sie haben sich mit einem anderen angemeldet. Noch wurde nichts ersetzt.
replace-before = Bisher verbunden
replace-now = Angemeldet als
replace-do = Welches der beiden soll die App von nun an benutzen?
replace-keep = Das bisherige Konto behalten
replace-take = Das neue Konto nehmen
replace-unnamed = nicht bekannt

connected-title = { $connector } ist verbunden
connected-what = Die App kann Ihr Konto nun benutzen, soweit Sie es erlaubt haben.
connected-do = Sie können diese Seite schließen und zur App zurückkehren.

partly-title = { $connector } ist verbunden, mit weniger Rechten
partly-what = Folgendes haben Sie nicht erlaubt. Werkzeuge, die es brauchen, werden nicht funktionieren:
partly-do = Ist das so gewollt, schließen Sie die Seite. Sonst bitten Sie die App um einen neuen Link und erlauben beim Anbieter alles.

kept-title = Nichts wurde ersetzt
kept-what = { $connector } bleibt mit dem bisherigen Konto verbunden. Die neue Anmeldung wurde verworfen.
kept-do = Sie können diese Seite schließen. Für das andere Konto bitten Sie die App um einen neuen Link.

declined-title = Sie haben abgelehnt
declined-what = { $connector } meldet, dass Sie abgelehnt haben. Es wurde nichts geändert.
declined-do = War das ein Versehen, öffnen Sie den Link noch einmal, solange er gilt, oder bitten Sie die App um einen neuen. Sonst können Sie diese Seite schließen.

refused-title = { $connector } lehnt ab
refused-what = { $connector } lässt die App nicht fragen. Als Grund steht da: „{ $code }“. Es wurde nichts geändert.
refused-do = Das können Sie nicht selbst beheben. Nennen Sie den Betreibern der App den Grund und die Verbindung unten.

in-its-words = In den Worten von { $connector }, die nicht unsere sind:

provider-failed-title = { $connector } antwortet nicht
provider-failed-what = Die Anmeldung ließ sich nicht abschließen, weil { $connector } nicht erreichbar war oder nichts Brauchbares geantwortet hat. Es wurde nichts geändert.
provider-failed-do = Warten Sie einige Minuten und öffnen Sie den Link dann noch einmal, oder bitten Sie die App um einen neuen.

timed-out-title = Die Zeit ist abgelaufen
timed-out-what = Die Anmeldung hat länger gedauert, als sie darf. Es wurde nichts geändert.
timed-out-do = Öffnen Sie den Link noch einmal, solange er gilt, oder bitten Sie die App um einen neuen.

interrupted-title = Der Server wurde dabei angehalten
interrupted-what = Der Server wurde neu gestartet, während Ihre Anmeldung abgeschlossen wurde. Die Antwort von { $connector } ist verloren; es wurde nichts geändert.
interrupted-do = Öffnen Sie den Link noch einmal, solange er gilt, oder bitten Sie die App um einen neuen.

other-connection-title = Diese Antwort gehört woandershin
other-connection-what = Die Antwort des Anbieters galt einer anderen Verbindung als der, bei der Sie sich anmelden wollten. Es wurde nichts geändert.
other-connection-do = Kehren Sie zur App zurück, bitten Sie um einen neuen Link und öffnen Sie nur diesen.

other-browser-title = Begonnen in einem anderen Browser
other-browser-what = Diese Anmeldung wurde in einem anderen Browser oder Profil begonnen, oder ihr Cookie ist fort. Nur der Browser, der sie begonnen hat, darf sie abschließen.
other-browser-do = Machen Sie dort weiter, oder bitten Sie die App um einen neuen Link und öffnen Sie ihn hier.

started-elsewhere-title = Sie haben in einem anderen Browser begonnen
started-elsewhere-what = Mit diesem Link hat sich jemand in einem anderen Browser oder Profil anzumelden begonnen. Solange sich das noch abschließen lässt, also zehn Minuten lang, kann nur dieser Browser weitermachen. Es wurde nichts geändert.
started-elsewhere-do = Machen Sie dort weiter, wenn Sie es waren. Um sich hier anzumelden, bitten Sie den Agenten oder die App um einen neuen Link und öffnen Sie diesen. Wenn Sie sonst nirgends begonnen haben, sagen Sie es denen, die die App betreiben.

not-signed-in-title = Melden Sie sich zuerst im Dashboard an
not-signed-in-what = In dieser Umgebung können nur Mitglieder des Valetkey-Dashboards ein Konto verbinden, und in diesem Browser ist dort niemand angemeldet. Es wurde nichts geändert.
not-signed-in-do = Melden Sie sich in diesem Browser im Dashboard an und öffnen Sie den Link noch einmal. Wenn Sie kein Mitglied sind, fragen Sie, wer Ihnen den Link geschickt hat.

other-issuer-title = Diese Antwort kam von jemand anderem
other-issuer-what = Die Antwort stammt nicht von dem Anbieter, zu dem Sie geschickt wurden. Sie wurde nicht benutzt, und es wurde nichts geändert.
other-issuer-do = Schließen Sie die Seite und bitten Sie die App um einen neuen Link. Geschieht es wieder, sagen Sie es den Betreibern der App.

replayed-title = Das ist schon geschehen
replayed-what = Diese Antwort des Anbieters wurde schon benutzt. Eine Antwort zählt nur einmal, deshalb wurde jetzt nichts geändert.
replayed-do = Ist Ihr Konto verbunden, können Sie die Seite schließen. Sonst bitten Sie die App um einen neuen Link.

stray-answer-title = Auf diese Antwort wartet niemand
stray-answer-what = Diese Adresse gehört zu keiner Anmeldung, die hier läuft. Vielleicht ist sie unvollständig oder längst vorbei. Es wurde nichts geändert.
stray-answer-do = Kehren Sie zur App zurück und bitten Sie um einen neuen Link.

busy-title = Fast fertig
busy-what = Ihre Anmeldung wird in diesem Augenblick abgeschlossen.
busy-do = Laden Sie die Seite in einigen Sekunden neu. Bleibt es eine Minute lang so, bitten Sie die App um einen neuen Link.

link-expired-title = Dieser Link ist abgelaufen
link-expired-what = Links gelten nur kurze Zeit, damit niemand einen alten benutzen kann. Es wurde nichts geändert.
link-expired-do = Fragen Sie den Agenten oder die App, von der er stammt. Dort entsteht sofort ein neuer.

link-unknown-title = Dieser Link führt nirgendwohin
link-unknown-what = Einen solchen Link gibt es hier nicht. Vielleicht fehlt ein Stück, oder er ist von vor langer Zeit.
link-unknown-do = Prüfen Sie, ob Sie ihn ganz kopiert haben, oder bitten Sie die App um einen neuen.

link-used-title = Dieser Link wurde schon benutzt
link-used-what = Ein Link verbindet ein Konto nur einmal. Was dabei herauskam, bleibt, wie es ist.
link-used-do = Waren Sie es selbst, können Sie die Seite schließen. Sonst sagen Sie es den Betreibern der App und bitten um einen neuen Link.

unready-title = Das lässt sich gerade nicht verbinden
unready-what = Die Verbindung ist abgeschaltet oder noch nicht fertig eingerichtet.
unready-do = Sagen Sie es den Betreibern der App. Ist sie eingerichtet, bitten Sie um einen neuen Link.

stale-form-title = Diese Seite ist veraltet
stale-form-what = Der Knopfdruck kam nicht von der Seite, die dieser Browser erhalten hat, oder Cookies sind abgeschaltet. Es wurde nichts geändert.
stale-form-do = Erlauben Sie Cookies für diese Seite, öffnen Sie den Link noch einmal und drücken Sie dort auf den Knopf.

not-found-title = Hier ist nichts
not-found-what = Diese Adresse führt zu keiner Seite dieses Servers.
not-found-do = Prüfen Sie die Adresse, oder gehen Sie dorthin zurück, woher Sie kamen.

method-not-allowed-title = So geht es hier nicht
method-not-allowed-what = Die Adresse stimmt, aber sie nimmt diese Art von Anfrage nicht an.
method-not-allowed-do = Öffnen Sie die Adresse in einem Browser.

internal-title = Bei uns ist etwas schiefgegangen
internal-what = Der Server konnte das wegen eines eigenen Fehlers nicht tun. Der Fehler steht in seinem Protokoll.
internal-do = Versuchen Sie es gleich noch einmal. Geschieht es wieder, sagen Sie den Betreibern der App, wann es war.

unavailable-title = Im Augenblick nicht möglich
unavailable-what = Der Server kann das gerade nicht tun. Es wurde nichts geändert.
unavailable-do = Versuchen Sie es in einer Minute noch einmal.

form-lead = Eine App möchte { $connector } für Sie benutzen. Tragen Sie hier ein, was { $connector } Ihnen dafür gegeben hat; Sie können es dort jederzeit zurücknehmen.
form-lead-bare = Eine App möchte { $connector } für Sie benutzen. Sie braucht dafür weder Schlüssel noch Passwort.
form-faults = Etwas fehlt oder kann nicht stimmen. Es wurde noch nichts gespeichert.
form-refused = { $connector } hat das nicht angenommen. Prüfen Sie es und tragen Sie es noch einmal ein: Es wurde nichts gespeichert.
form-unclear = { $connector } war nicht zu erreichen, um das zu prüfen. Es wurde nichts gespeichert. Versuchen Sie es in einer Minute noch einmal.
form-optional = (freiwillig)
form-choose = Bitte wählen …
form-submit = Prüfen und verbinden
form-submit-bare = Verbinden
form-kept = Was Sie eintragen, wird jetzt bei { $connector } ausprobiert, verschlüsselt auf diesem Server aufbewahrt und geht sonst nirgendwohin. Diese Seite zeigt es nie wieder.
form-elsewhere = Was Sie eintragen, geht an { $hosts }; das gehört nicht zu { $connector }. Die Betreiber dieses Servers haben es so eingerichtet. Fahren Sie nur fort, wenn Sie diesen Ort kennen.
form-elsewhere-here = Was Sie eintragen, geht an { $hosts }; das gehört nicht zu { $connector }, sondern ist ein Ort auf dem Rechner, auf dem dieser Server läuft.
form-bare-elsewhere = Was Agenten hier tun, geht an { $hosts }; das gehört nicht zu { $connector }. Die Betreiber dieses Servers haben es so eingerichtet. Fahren Sie nur fort, wenn Sie diesen Ort kennen.
form-bare-elsewhere-here = Was Agenten hier tun, geht an { $hosts }; das gehört nicht zu { $connector }, sondern ist ein Ort auf dem Rechner, auf dem dieser Server läuft.
fault-missing = Das wird gebraucht.
fault-form = Das sieht nicht aus wie das, was { $connector } hier hat. Prüfen Sie, ob es vollständig ist und nichts darum herum steht.
fault-long = Das ist zu lang.
fault-key-file = Das ist keine Schlüsseldatei eines Dienstkontos. Fügen Sie die ganze JSON-Datei ein, mit client_email und private_key.
fault-private-key = Das ist kein privater Schlüssel, mit dem sich unterschreiben lässt. Fügen Sie das ganze PEM ein, von BEGIN bis END, ohne Kennwort: einen RSA-Schlüssel oder einen von P-256.

unconfirmed-title = Die App hat Sie nicht bestätigt
unconfirmed-what = Sie haben sich bei { $connector } angemeldet, und die App hat nicht rechtzeitig bestätigt, dass Sie es sind. Es wurde nichts verbunden, und Ihre Anmeldung wurde verworfen.
unconfirmed-do = Gehen Sie zurück zur App, melden Sie sich dort an und bitten Sie sie um einen neuen Link.

too-many-tries-title = Zu viele Versuche
too-many-tries-what = Mit diesem Link wurde so oft versucht, wie es geht, und nichts davon hat gepasst. Es wurde nichts geändert.
too-many-tries-do = Suchen Sie zuerst die richtigen Werte heraus und bitten Sie dann die App um einen neuen Link.

yours-title = Was Sie { $app } gegeben haben
yours-lead = Alle Ihre Verbindungen in { $app } und wie sie stehen. Was Sie in diesem Browser gegeben haben, können Sie hier zurücknehmen.
yours-link = Ansehen und zurücknehmen, was Sie gegeben haben
yours-withdraw = { $connector } trennen …
yours-withdraw-what = { $app } kann Ihr Konto dann nicht mehr benutzen: Der Zugriff wird hier vergessen und bei { $connector } widerrufen. Um wieder zu verbinden, brauchen Sie einen neuen Link.
yours-withdraw-do = { $connector } trennen
yours-elsewhere = Trennen können Sie es in dem Browser, in dem Sie sich angemeldet haben. Oder bitten Sie die App um einen Link und melden Sie sich zuerst hier an.
state-active = Verbunden
state-expired = Nicht mehr verbunden: Es braucht eine neue Anmeldung
state-pending = Nicht verbunden
state-unconfirmed = Angemeldet, von der App noch nicht bestätigt
state-disconnected = Getrennt
withdrawn-revoked = { $connector } ist getrennt, und der Zugriff ist dort widerrufen.
withdrawn-later = { $connector } ist getrennt. Der Zugriff wird dort gerade widerrufen; das geht von selbst weiter.
withdrawn-there = { $connector } ist hier getrennt. Von hier aus ließ sich der Zugriff dort nicht widerrufen: Entfernen Sie die App auch in den Einstellungen Ihres Kontos bei { $connector }.
withdrawn-shared = { $connector } ist hier getrennt. Eine andere Verbindung benutzt denselben Zugriff, darum wurde er dort nicht widerrufen.

instance-title = Ihre Verbindungen in { $app }
instance-lead = Ein Agent von { $app } arbeitet mit Ihren eigenen Konten. So stehen sie: Melden Sie sich an, wo das fehlt, und kommen Sie für die nächste auf diese Seite zurück.
instance-all = Alles ist verbunden. Gehen Sie zum Agenten zurück; Sie können diese Seite schließen.
instance-sign-in = Bei { $connector } anmelden
instance-others = Ihre anderen Verbindungen
instance-back-missing = Anmelden, wo es noch fehlt
instance-back = Zurück zu allen Ihren Verbindungen
instance-until = Diese Seite öffnet sich bis { $when }.

approve-title = Darf der Agent das tun?
approve-lead = Ein Agent möchte in Ihrem Namen in { $connector } handeln. Er wartet auf Ihre Entscheidung; noch ist nichts geschehen.
approve-what = Was er tun wird
approve-account = Ihr Konto dort
approve-reads = Das liest aus { $connector } und ändert nichts.
approve-writes = Das fügt in { $connector } etwas hinzu oder ändert etwas.
approve-destroys = Das löscht oder überschreibt etwas in { $connector }. Vielleicht lässt es sich nicht rückgängig machen.
approve-arguments = Mit genau diesen Angaben
approve-cut = … und { $count } weitere Zeichen
approve-more = … und { $count } weitere Angaben, die hier nicht gezeigt werden. Erlauben Sie es nur, wenn Sie sie kennen.
approve-yes = Dieses eine Mal erlauben
approve-no = Nicht erlauben
approve-care = Erlauben Sie nur, worum Sie selbst gebeten haben. Was der Agent oben geschrieben hat, kann falsch sein oder von jemand anderem stammen.
approve-until = Sie können bis { $when } entscheiden.

approved-title = Einmal erlaubt
approved-what = Der Agent darf jetzt genau das tun, was Sie gesehen haben, ein einziges Mal, innerhalb von zehn Minuten.
approved-do = Gehen Sie zum Agenten zurück. Macht er nicht von selbst weiter, sagen Sie ihm, dass Sie zugestimmt haben. Sie können diese Seite schließen.

not-approved-title = Nicht erlaubt
not-approved-what = Dem Agenten wurde Nein gesagt. Es ist nichts geschehen.
not-approved-do = Sie können diese Seite schließen. War es ein Versehen, bitten Sie den Agenten in zehn Minuten noch einmal.

other-person-title = Nicht in diesem Browser
other-person-what = Entscheiden kann nur, wem das Konto gehört, und zwar in dem Browser, in dem das Konto angemeldet wurde. Was der Agent möchte, wird hier nicht gezeigt.
other-person-do = Öffnen Sie den Link in jenem Browser. Haben Sie ihn nicht mehr, bitten Sie die App um einen Link zum Anmelden, melden Sie sich hier an und öffnen Sie diesen Link noch einmal.

agent-title = { $agent } zu { $app } lassen?
agent-lead = { $agent } möchte über { $app } in Ihrem Namen mit Ihren eigenen Konten arbeiten. Wenn Sie zustimmen, melden Sie sich bei { $provider } an, damit feststeht, wer Sie sind.
agent-name = Nennt sich
agent-host = Wer dafür einsteht
agent-nobody = Niemand: Jedes Programm könnte sich so nennen
agent-answered = Wo es eingelassen wird
agent-here = Ein Programm auf diesem Computer
agent-care = Machen Sie nur weiter, wenn Sie diesen Agenten gerade selbst verbunden haben. Hat Sie jemand hierher geschickt, könnte er dann Ihre Konten benutzen.
agent-yes = Weiter zu { $provider }
agent-no = Nicht erlauben

agent-wrong-title = Das lässt sich nicht beantworten
agent-wrong-what = Der Agent, der Sie hierher geschickt hat, will etwas, das es nicht gibt oder das er nicht haben darf ({ $parameter }). Es ist nichts geschehen.
agent-wrong-do = Gehen Sie zum Agenten zurück und verbinden Sie ihn neu, mit der Adresse, die Ihnen die App jetzt gibt.

agent-stale-title = Beginnen Sie im Agenten von vorn
agent-stale-what = Diese Anmeldung hat zu lange gedauert, wurde in einem anderen Browser begonnen, oder ihr Cookie ist weg. Niemand wurde eingelassen.
agent-stale-do = Gehen Sie zum Agenten zurück und verbinden Sie ihn noch einmal, in einem Browser und innerhalb von zehn Minuten.

agent-not-signed-in-title = Sie wurden nicht angemeldet
agent-not-signed-in-what = Die Stelle, bei der Sie sich anmelden, hat nicht gesagt, wer Sie sind. Niemand wurde eingelassen.
agent-not-signed-in-do = Gehen Sie zum Agenten zurück und versuchen Sie es noch einmal. Geht es auch dann nicht, sagen Sie es denen, die die App betreiben.

agent-somebody-else-title = Das gehört jemand anderem
agent-somebody-else-what = Sie haben sich angemeldet, aber der Server, nach dem der Agent gefragt hat, gehört einer anderen Person. Niemand wurde eingelassen.
agent-somebody-else-do = Haben Sie mehrere Konten, melden Sie sich dort ab und mit dem richtigen an. Sonst nehmen Sie die Adresse, die die App Ihnen selbst zeigt.
