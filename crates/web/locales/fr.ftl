date = { $day } { $month ->
    [m1] janvier
    [m2] février
    [m3] mars
    [m4] avril
    [m5] mai
    [m6] juin
    [m7] juillet
    [m8] août
    [m9] septembre
    [m10] octobre
    [m11] novembre
   *[m12] décembre
} { $year } à { $time } UTC
footer = garde ce que vous autorisez. L’application ne voit jamais votre mot de passe.

fact-app = Application
fact-connection = Connexion
fact-identifier = Vous, dans l’appli

consent-title = Connecter { $connector }
consent-lead = Une application demande à utiliser { $connector } pour vous. Elle ne peut faire que ce que vous autorisez, et vous pouvez revenir sur cet accord à tout moment.
consent-scopes = Ce qu’elle demande
scopes-in-english = Ces descriptions n’existent qu’en anglais.
consent-next = La suite
consent-next-sign-in = Vous vous identifiez sur { $provider } et choisissez ce que vous autorisez.
consent-next-return = Vous revenez ici et voyez si tout s’est bien passé.
consent-elsewhere = Votre connexion quitte les adresses propres à { $connector } et passe par { $hosts }. Les personnes qui exploitent ce serveur l’ont réglé ainsi. Ne continuez que si vous savez où cela mène.
consent-elsewhere-here = Votre connexion quitte les adresses propres à { $connector } et passe par { $hosts }, sur la machine où tourne ce serveur.
consent-continue = Continuer vers { $provider }
consent-care = Ne continuez que si vous venez vous-même de l’application. Si quelqu’un d’autre vous a envoyé ce lien, fermez cette page : votre compte serait connecté pour la personne nommée ci-dessus.
consent-until = Ce lien est valable jusqu’au { $when }.

leave-title = En route vers { $provider }
leave-what = Votre navigateur s’y rend de lui-même. Sinon, utilisez le bouton.

replace-title = C’est un autre compte
replace-what = { $connector } était connecté avec un compte, et vous vous êtes identifié avec un autre. Rien n’a encore été remplacé.
replace-before = Connecté jusqu’ici
replace-now = Identifié comme
replace-do = Lequel des deux l’application doit-elle utiliser désormais ?
replace-keep = Garder le compte précédent
replace-take = Utiliser le nouveau compte
replace-unnamed = inconnu

connected-title = { $connector } est connecté
connected-what = L’application peut maintenant utiliser votre compte, dans la limite de ce que vous avez autorisé.
connected-do = Vous pouvez fermer cette page et revenir à l’application.

partly-title = { $connector } est connecté, avec moins de droits
partly-what = Vous n’avez pas autorisé ce qui suit. Les outils qui en ont besoin ne marcheront pas :
partly-do = Si c’est ce que vous voulez, fermez cette page. Sinon, demandez un nouveau lien à l’application et autorisez tout chez le fournisseur.

kept-title = Rien n’a été remplacé
kept-what = { $connector } reste connecté avec le compte précédent. La nouvelle identification a été jetée.
kept-do = Vous pouvez fermer cette page. Pour utiliser l’autre compte, demandez un nouveau lien à l’application.

declined-title = Vous avez refusé
declined-what = { $connector } signale que vous avez refusé. Rien n’a été modifié.
declined-do = Si c’était une erreur, ouvrez de nouveau le lien tant qu’il est valable, ou demandez-en un autre à l’application. Sinon, vous pouvez fermer cette page.

refused-title = { $connector } a refusé
refused-what = { $connector } n’a pas laissé l’application vous poser la question. Le motif indiqué est « { $code } ». Rien n’a été modifié.
refused-do = Vous ne pouvez pas y remédier vous-même. Indiquez aux responsables de l’application ce motif et la connexion ci-dessous.

in-its-words = Dans les mots de { $connector }, qui ne sont pas les nôtres :

provider-failed-title = { $connector } n’a pas répondu
provider-failed-what = L’identification n’a pas pu être terminée : { $connector } était injoignable ou n’a rien répondu d’utile. Rien n’a été modifié.
provider-failed-do = Attendez quelques minutes, puis ouvrez de nouveau le lien ou demandez-en un autre à l’application.

timed-out-title = Le temps est écoulé
timed-out-what = L’identification a pris plus de temps que permis. Rien n’a été modifié.
timed-out-do = Ouvrez de nouveau le lien tant qu’il est valable, ou demandez-en un autre à l’application.

interrupted-title = Le serveur s’est arrêté en chemin
interrupted-what = Le serveur a redémarré pendant que votre identification se terminait : la réponse de { $connector } est perdue. Rien n’a été modifié.
interrupted-do = Ouvrez de nouveau le lien tant qu’il est valable, ou demandez-en un autre à l’application.

other-connection-title = Cette réponse est pour ailleurs
other-connection-what = La réponse du fournisseur concernait une autre connexion que celle que vous étiez en train d’établir. Rien n’a été modifié.
other-connection-do = Revenez à l’application, demandez un nouveau lien et n’ouvrez que celui-là.

other-browser-title = Commencé dans un autre navigateur
other-browser-what = Cette identification a commencé dans un autre navigateur ou profil, ou son cookie a disparu. Seul le navigateur qui l’a commencée peut la terminer.
other-browser-do = Continuez là-bas, ou demandez un nouveau lien à l’application et ouvrez-le ici.

started-elsewhere-title = Vous avez commencé dans un autre navigateur
started-elsewhere-what = Quelqu’un a commencé à se connecter avec ce lien dans un autre navigateur ou profil. Tant que cela peut encore aboutir, c’est-à-dire pendant dix minutes, seul ce navigateur peut continuer. Rien n’a été modifié.
started-elsewhere-do = Continuez là-bas si c’était vous. Pour vous connecter ici, demandez un nouveau lien à l’agent ou à l’application et ouvrez celui-là. Si vous n’avez commencé nulle part ailleurs, prévenez ceux qui gèrent l’application.

not-signed-in-title = Connectez-vous d’abord au tableau de bord
not-signed-in-what = Dans cet environnement, seuls les membres du tableau de bord Valetkey peuvent connecter un compte, et personne n’y est connecté dans ce navigateur. Rien n’a été modifié.
not-signed-in-do = Connectez-vous au tableau de bord dans ce navigateur, puis rouvrez le lien. Si vous n’êtes pas membre, demandez à la personne qui vous a envoyé le lien.

other-issuer-title = Cette réponse vient de quelqu’un d’autre
other-issuer-what = La réponse ne vient pas du fournisseur vers lequel vous avez été envoyé. Elle n’a pas été utilisée et rien n’a été modifié.
other-issuer-do = Fermez cette page et demandez un nouveau lien à l’application. Si cela se reproduit, prévenez ses responsables.

replayed-title = C’est déjà fait
replayed-what = Cette réponse du fournisseur a déjà servi. Une réponse ne compte qu’une fois ; rien n’a donc été modifié maintenant.
replayed-do = Si votre compte est connecté, vous pouvez fermer cette page. Sinon, demandez un nouveau lien à l’application.

stray-answer-title = Personne n’attend cette réponse
stray-answer-what = Cette adresse ne correspond à aucune identification en cours ici. Elle est peut-être incomplète, ou terminée depuis longtemps. Rien n’a été modifié.
stray-answer-do = Revenez à l’application et demandez un nouveau lien.

busy-title = C’est presque fini
busy-what = Votre identification est en train d’être terminée.
busy-do = Rechargez cette page dans quelques secondes. Si rien ne change pendant une minute, demandez un nouveau lien à l’application.

link-expired-title = Ce lien a expiré
link-expired-what = Un lien n’est valable que peu de temps, pour que personne ne puisse en utiliser un ancien. Rien n’a été modifié.
link-expired-do = Adressez-vous à l’agent ou à l’application qui vous l’a donné : un nouveau lien s’obtient aussitôt.

link-unknown-title = Ce lien ne mène nulle part
link-unknown-what = Il n’y a pas de tel lien ici. Il en manque peut-être un morceau, ou il date d’il y a longtemps.
link-unknown-do = Vérifiez que vous l’avez copié en entier, ou demandez-en un nouveau à l’application.

link-used-title = Ce lien a déjà servi
link-used-what = Un lien ne connecte un compte qu’une fois. Ce qui en est résulté reste tel quel.
link-used-do = Si c’était vous, vous pouvez fermer cette page. Sinon, prévenez les responsables de l’application et demandez un nouveau lien.

unready-title = Connexion impossible pour l’instant
unready-what = La connexion est désactivée ou n’est pas encore entièrement configurée.
unready-do = Prévenez les responsables de l’application. Une fois la connexion prête, demandez un nouveau lien.

stale-form-title = Cette page n’est plus à jour
stale-form-what = Le bouton ne venait pas de la page reçue par ce navigateur, ou les cookies sont désactivés. Rien n’a été modifié.
stale-form-do = Autorisez les cookies pour ce site, ouvrez de nouveau le lien et appuyez sur le bouton.

not-found-title = Il n’y a rien ici
not-found-what = Cette adresse ne mène à aucune page de ce serveur.
not-found-do = Vérifiez l’adresse, ou revenez d’où vous venez.

method-not-allowed-title = Cette page ne marche pas ainsi
method-not-allowed-what = L’adresse est bonne, mais elle n’accepte pas ce type de requête.
method-not-allowed-do = Ouvrez l’adresse dans un navigateur.

internal-title = Quelque chose s’est cassé de notre côté
internal-what = Le serveur n’a pas pu le faire à cause d’une erreur qui lui est propre. Elle est notée dans son journal.
internal-do = Réessayez dans un instant. Si cela se reproduit, dites aux responsables de l’application quand c’est arrivé.

unavailable-title = Impossible pour le moment
unavailable-what = Le serveur ne peut pas le faire maintenant. Rien n’a été modifié.
unavailable-do = Réessayez dans une minute.

form-lead = Une application demande à utiliser { $connector } pour vous. Saisissez ici ce que { $connector } vous a donné pour cela ; vous pouvez le lui retirer à tout moment.
form-lead-bare = Une application demande à utiliser { $connector } pour vous. Elle n’a besoin ni de clé ni de mot de passe.
form-faults = Quelque chose manque ou ne peut pas être juste. Rien n’a encore été enregistré.
form-refused = { $connector } n’a pas accepté cela. Vérifiez-le et saisissez-le de nouveau : rien n’a été enregistré.
form-unclear = { $connector } n’a pas pu être interrogé pour le vérifier ; rien n’a été enregistré. Réessayez dans une minute.
form-optional = (facultatif)
form-choose = Choisir…
form-submit = Vérifier et connecter
form-submit-bare = Connecter
form-kept = Ce que vous saisissez est essayé maintenant auprès de { $connector }, conservé chiffré sur ce serveur, et ne va nulle part ailleurs. Cette page ne le montre plus jamais.
form-elsewhere = Ce que vous saisissez va à { $hosts }, qui n’appartient pas à { $connector }. Les responsables de ce serveur l’ont voulu ainsi. Ne continuez que si vous connaissez cet endroit.
form-elsewhere-here = Ce que vous saisissez va à { $hosts }, qui n’appartient pas à { $connector }, mais se trouve sur la machine où tourne ce serveur.
form-bare-elsewhere = Ce que les agents font ici va à { $hosts }, qui n’appartient pas à { $connector }. Les responsables de ce serveur l’ont voulu ainsi. Ne continuez que si vous connaissez cet endroit.
form-bare-elsewhere-here = Ce que les agents font ici va à { $hosts }, qui n’appartient pas à { $connector }, mais se trouve sur la machine où tourne ce serveur.
fault-missing = C’est nécessaire.
fault-form = Cela ne ressemble pas à ce que { $connector } a ici. Vérifiez que c’est complet, et sans rien autour.
fault-long = C’est trop long.
fault-key-file = Ce n’est pas le fichier de clé d’un compte de service. Collez le fichier JSON entier, avec client_email et private_key.
fault-private-key = Ce n’est pas une clé privée qui signe. Collez le PEM entier, de BEGIN à END, sans mot de passe : une clé RSA ou une clé P-256.

unconfirmed-title = L’application ne vous a pas confirmé
unconfirmed-what = Vous vous êtes identifié auprès de { $connector }, et l’application n’a pas confirmé à temps que c’est vous. Rien n’a été connecté, et votre identification a été abandonnée.
unconfirmed-do = Retournez à l’application, identifiez-vous-y et demandez-lui un nouveau lien.

too-many-tries-title = Trop d’essais
too-many-tries-what = Ce lien a épuisé ses essais, et aucun n’a convenu. Rien n’a été modifié.
too-many-tries-do = Cherchez d’abord les bonnes valeurs, puis demandez un nouveau lien à l’application.

yours-title = Ce que vous avez donné à { $app }
yours-lead = Toutes vos connexions dans { $app } et leur état. Ce que vous avez donné dans ce navigateur, vous pouvez le reprendre ici.
yours-link = Voir et reprendre ce que vous avez donné
yours-withdraw = Déconnecter { $connector }…
yours-withdraw-what = { $app } ne pourra plus utiliser votre compte : l’accès est oublié ici et révoqué chez { $connector }. Pour vous connecter à nouveau, il vous faudra un nouveau lien.
yours-withdraw-do = Déconnecter { $connector }
yours-elsewhere = Vous pouvez le déconnecter dans le navigateur où vous vous êtes connecté. Ou demandez un lien à l’application et connectez-vous d’abord ici.
state-active = Connecté
state-expired = N’est plus connecté : il faut se connecter à nouveau
state-pending = Pas connecté
state-unconfirmed = Connecté, mais pas confirmé par l’application
state-disconnected = Déconnecté
withdrawn-revoked = { $connector } est déconnecté, et l’accès y est révoqué.
withdrawn-later = { $connector } est déconnecté. L’accès est en train d’y être révoqué ; cela continue tout seul.
withdrawn-there = { $connector } est déconnecté ici. L’accès n’a pas pu y être révoqué d’ici : retirez aussi l’application dans les réglages de votre compte chez { $connector }.
withdrawn-shared = { $connector } est déconnecté ici. Une autre connexion utilise le même accès ; il n’a donc pas été révoqué là-bas.

instance-title = Vos connexions dans { $app }
instance-lead = Un agent de { $app } travaille avec vos propres comptes. Voici l’état de chacun : connectez-vous là où il le faut, puis revenez à cette page pour le suivant.
instance-all = Tout est connecté. Retournez à l’agent ; vous pouvez fermer cette page.
instance-sign-in = Se connecter à { $connector }
instance-others = Vos autres connexions
instance-back-missing = Se connecter là où il le faut encore
instance-back = Retour à toutes vos connexions
instance-until = Cette page s’ouvre jusqu’au { $when }.

approve-title = L’agent peut-il faire cela ?
approve-lead = Un agent veut agir dans { $connector } en votre nom. Il attend votre décision ; rien n’a encore été fait.
approve-what = Ce qu’il fera
approve-account = Votre compte là-bas
approve-reads = Cela lit dans { $connector } et ne change rien.
approve-writes = Cela ajoute ou modifie quelque chose dans { $connector }.
approve-destroys = Cela supprime ou écrase quelque chose dans { $connector }. Il se peut que ce soit irréversible.
approve-arguments = Avec exactement ceci
approve-cut = … et { $count } caractères de plus
approve-more = … et { $count } éléments de plus qui ne sont pas montrés ici. N’autorisez que si vous les connaissez.
approve-yes = Autoriser cette fois
approve-no = Ne pas autoriser
approve-care = N’autorisez que ce que vous avez demandé vous-même. Ce que l’agent a écrit ci-dessus peut être faux ou venir de quelqu’un d’autre.
approve-until = Vous pouvez décider jusqu’au { $when }.

approved-title = Autorisé, une fois
approved-what = L’agent peut maintenant faire exactement ce que vous avez vu, une seule fois, dans les dix minutes.
approved-do = Retournez à l’agent. S’il ne continue pas de lui-même, dites-lui que vous avez autorisé. Vous pouvez fermer cette page.

not-approved-title = Non autorisé
not-approved-what = L’agent a reçu un refus. Rien n’a été fait.
not-approved-do = Vous pouvez fermer cette page. Si c’était une erreur, redemandez à l’agent dans dix minutes.

other-person-title = Pas dans ce navigateur
other-person-what = Seule la personne à qui appartient le compte peut décider, dans le navigateur où le compte a été connecté. Ce que veut l’agent n’est pas montré ici.
other-person-do = Ouvrez le lien dans ce navigateur-là. Si vous ne l’avez plus, demandez à l’application un lien de connexion, connectez-vous ici et rouvrez ce lien.

agent-title = Laisser { $agent } accéder à { $app } ?
agent-lead = { $agent } veut travailler avec vos propres comptes, en votre nom, par { $app }. Si vous acceptez, vous vous connectez chez { $provider }, afin que l’on soit sûr de qui vous êtes.
agent-name = Il se nomme
agent-host = Qui s’en porte garant
agent-nobody = Personne : tout programme pourrait se nommer ainsi
agent-answered = Où il est admis
agent-here = Un programme sur cet ordinateur
agent-care = Ne continuez que si vous venez de connecter cet agent vous-même. Si quelqu’un vous a envoyé ici, c’est lui qui utiliserait vos comptes.
agent-yes = Continuer vers { $provider }
agent-no = Ne pas autoriser

agent-wrong-title = On ne peut pas y répondre
agent-wrong-what = L’agent qui vous a envoyé ici a demandé quelque chose qui n’existe pas, ou qu’il ne peut pas avoir ({ $parameter }). Rien n’a été fait.
agent-wrong-do = Retournez à l’agent et connectez-le de nouveau, avec l’adresse que l’app vous donne maintenant.

agent-stale-title = Recommencez dans l’agent
agent-stale-what = Cette connexion a duré trop longtemps, a été commencée dans un autre navigateur, ou son cookie a disparu. Personne n’a été admis.
agent-stale-do = Retournez à l’agent et connectez-le encore une fois, dans un seul navigateur et dans les dix minutes.

agent-not-signed-in-title = Vous n’avez pas été connecté
agent-not-signed-in-what = L’endroit où vous vous connectez n’a pas dit qui vous êtes. Personne n’a été admis.
agent-not-signed-in-do = Retournez à l’agent et réessayez. Si cela ne marche toujours pas, dites-le à ceux qui gèrent l’app.

agent-somebody-else-title = Cela appartient à quelqu’un d’autre
agent-somebody-else-what = Vous vous êtes connecté, mais le serveur que l’agent a demandé appartient à une autre personne. Personne n’a été admis.
agent-somebody-else-do = Si vous avez plusieurs comptes, déconnectez-vous là-bas et reconnectez-vous avec le bon. Sinon, prenez l’adresse que l’app vous montre à vous-même.
