date = { $day } de { $month ->
    [m1] enero
    [m2] febrero
    [m3] marzo
    [m4] abril
    [m5] mayo
    [m6] junio
    [m7] julio
    [m8] agosto
    [m9] septiembre
    [m10] octubre
    [m11] noviembre
   *[m12] diciembre
} de { $year }, { $time } UTC
footer = guarda lo que usted permite. La aplicación nunca ve su contraseña.

fact-app = Aplicación
fact-connection = Conexión
fact-identifier = Usted, en la aplicación

consent-title = Conectar { $connector }
consent-lead = Una aplicación quiere usar { $connector } por usted. Solo podrá hacer lo que usted permita, y puede retirarlo en cualquier momento.
consent-scopes = Lo que pide
scopes-in-english = Estas descripciones están en inglés.
consent-next = Qué pasa ahora
consent-next-sign-in = Usted inicia sesión en { $provider } y elige lo que permite.
consent-next-return = Vuelve aquí y ve si ha funcionado.
consent-elsewhere = Su inicio de sesión sale de las direcciones de { $connector } y va a { $hosts }. Así lo han dispuesto quienes administran este servidor. Continúe solo si sabe adónde lleva.
consent-elsewhere-here = Su inicio de sesión sale de las direcciones de { $connector } y va a { $hosts }, en la máquina en la que funciona este servidor.
consent-continue = Continuar a { $provider }
consent-care = Continúe solo si ha llegado aquí desde la aplicación por su cuenta. Si otra persona le ha enviado este enlace, cierre la página: su cuenta quedaría conectada para el usuario indicado arriba.
consent-until = Este enlace funciona hasta el { $when }.

leave-title = Seguir a { $provider }
leave-what = Su navegador va allí por sí solo. Si no lo hace, use el botón.

replace-title = Esta es otra cuenta
replace-what = { $connector } estaba conectado con una cuenta, y usted ha iniciado sesión con otra. Todavía no se ha sustituido nada.
replace-before = Conectada hasta ahora
replace-now = Sesión iniciada como
replace-do = ¿Cuál de las dos debe usar la aplicación a partir de ahora?
replace-keep = Conservar la cuenta anterior
replace-take = Usar la cuenta nueva
replace-unnamed = desconocida

connected-title = { $connector } está conectado
connected-what = La aplicación ya puede usar su cuenta, dentro de lo que usted ha permitido.
connected-do = Puede cerrar esta página y volver a la aplicación.

partly-title = { $connector } está conectado, con menos acceso
partly-what = Usted no ha permitido lo siguiente. Las herramientas que lo necesitan no funcionarán:
partly-do = Si eso es lo que quiere, cierre esta página. Si no, pida a la aplicación un enlace nuevo y permita todo en la página del proveedor.

kept-title = No se ha sustituido nada
kept-what = { $connector } sigue conectado con la cuenta que tenía. Se ha descartado la sesión que acaba de iniciar.
kept-do = Puede cerrar esta página. Para usar la otra cuenta, pida a la aplicación un enlace nuevo.

declined-title = Usted ha dicho que no
declined-what = { $connector } nos ha comunicado que usted no lo ha permitido, así que no se ha cambiado nada.
declined-do = Si ha sido un descuido, abra el enlace otra vez mientras funcione o pida uno nuevo a la aplicación. Si no, puede cerrar esta página.

refused-title = { $connector } lo ha rechazado
refused-what = { $connector } no ha dejado que la aplicación le pregunte. El motivo fue «{ $code }». No se ha cambiado nada.
refused-do = Usted no puede arreglarlo. Comunique a los responsables de la aplicación el motivo y la conexión que figura abajo.

in-its-words = En palabras de { $connector }, que no son nuestras:

provider-failed-title = { $connector } no ha respondido
provider-failed-what = No se ha podido terminar su inicio de sesión, porque no se pudo contactar con { $connector } o su respuesta no servía. No se ha cambiado nada.
provider-failed-do = Espere unos minutos y abra el enlace otra vez, o pida uno nuevo a la aplicación.

timed-out-title = Se ha acabado el tiempo
timed-out-what = El inicio de sesión ha tardado más de lo permitido, así que no se ha cambiado nada.
timed-out-do = Abra el enlace otra vez mientras funcione, o pida uno nuevo a la aplicación.

interrupted-title = El servidor se ha detenido a medio camino
interrupted-what = El servidor se reinició mientras se terminaba su inicio de sesión, así que la respuesta de { $connector } se ha perdido. No se ha cambiado nada.
interrupted-do = Abra el enlace otra vez mientras funcione, o pida uno nuevo a la aplicación.

other-connection-title = Esta respuesta es de otro lugar
other-connection-what = La respuesta del proveedor era para otra conexión distinta de aquella en la que usted iniciaba sesión. No se ha cambiado nada.
other-connection-do = Vuelva a la aplicación, pida un enlace nuevo y abra solo ese.

other-browser-title = Usted empezó en otro navegador
other-browser-what = Este inicio de sesión empezó en otro navegador o perfil, o su cookie ha desaparecido. Solo puede terminarlo el navegador que lo empezó.
other-browser-do = Continúe en ese navegador, o pida a la aplicación un enlace nuevo y ábralo aquí.

started-elsewhere-title = Usted empezó en otro navegador
started-elsewhere-what = Alguien ha empezado a iniciar sesión con este enlace en otro navegador o perfil. Mientras eso pueda terminarse, que son diez minutos, solo puede continuar aquel navegador. No se ha cambiado nada.
started-elsewhere-do = Continúe allí si fue usted. Para iniciar sesión aquí, pida al agente o a la aplicación un enlace nuevo y abra ese. Si no ha empezado en ningún otro sitio, avise a los responsables de la aplicación.

not-signed-in-title = Inicie sesión primero en el panel
not-signed-in-what = En este entorno solo los miembros del panel de Valetkey pueden conectar una cuenta, y nadie ha iniciado sesión en él en este navegador. No se ha cambiado nada.
not-signed-in-do = Inicie sesión en el panel con este navegador y vuelva a abrir el enlace. Si no es miembro, pregunte a quien le envió el enlace.

other-issuer-title = Esta respuesta viene de otro remitente
other-issuer-what = La respuesta no viene del proveedor al que usted fue enviado. No se ha usado, y no se ha cambiado nada.
other-issuer-do = Cierre esta página y pida a la aplicación un enlace nuevo. Si vuelve a ocurrir, avise a los responsables de la aplicación.

replayed-title = Esto ya se ha hecho
replayed-what = La respuesta del proveedor ya se había usado. Una respuesta vale una sola vez, así que ahora no se ha cambiado nada.
replayed-do = Si su cuenta está conectada, puede cerrar esta página. Si no, pida a la aplicación un enlace nuevo.

stray-answer-title = Nadie espera esta respuesta
stray-answer-what = Esta dirección no corresponde a ningún inicio de sesión en curso. Puede estar incompleta o ser muy antigua. No se ha cambiado nada.
stray-answer-do = Vuelva a la aplicación y pida un enlace nuevo.

busy-title = Casi listo
busy-what = Su inicio de sesión se está terminando en este momento.
busy-do = Recargue esta página dentro de unos segundos. Si sigue así un minuto, pida a la aplicación un enlace nuevo.

link-expired-title = Este enlace ha caducado
link-expired-what = Los enlaces funcionan poco tiempo, para que nadie pueda usar uno antiguo. No se ha cambiado nada.
link-expired-do = Pídaselo al agente o a la aplicación que se lo dio. Pueden hacer uno nuevo al momento.

link-unknown-title = Este enlace no lleva a ninguna parte
link-unknown-what = Aquí no existe tal enlace. Puede que le falte una parte o que sea de hace mucho tiempo.
link-unknown-do = Compruebe que lo ha copiado entero, o pida uno nuevo a la aplicación.

link-used-title = Este enlace ya se ha usado
link-used-what = Un enlace conecta una cuenta una sola vez. Lo que haya resultado de él queda como está.
link-used-do = Si lo usó usted, puede cerrar esta página. Si no, avise a los responsables de la aplicación y pida un enlace nuevo.

unready-title = Esto no se puede conectar ahora
unready-what = La conexión está desactivada o no está configurada del todo.
unready-do = Avise a los responsables de la aplicación. Cuando esté configurada, pida un enlace nuevo.

stale-form-title = Esta página ya no está al día
stale-form-what = El botón no venía de la copia de la página que tiene este navegador, o las cookies están desactivadas. No se ha cambiado nada.
stale-form-do = Permita las cookies de este sitio, abra el enlace otra vez y pulse el botón allí.

not-found-title = Aquí no hay nada
not-found-what = Esta dirección no lleva a ninguna página de este servidor.
not-found-do = Compruebe la dirección, o vuelva al lugar de donde vino.

method-not-allowed-title = Esta página no funciona así
method-not-allowed-what = La dirección es correcta, pero no admite este tipo de petición.
method-not-allowed-do = Abra la dirección en un navegador.

internal-title = Algo ha fallado por nuestra parte
internal-what = El servidor no ha podido hacerlo por un fallo propio, que ha quedado anotado en su registro.
internal-do = Inténtelo otra vez dentro de un momento. Si vuelve a ocurrir, diga a los responsables de la aplicación cuándo fue.

unavailable-title = Ahora mismo no es posible
unavailable-what = El servidor no puede hacerlo en este momento. No se ha cambiado nada.
unavailable-do = Inténtelo otra vez dentro de un minuto.

form-lead = Una aplicación quiere usar { $connector } por usted. Escriba aquí lo que { $connector } le ha dado para ello; allí puede retirarlo en cualquier momento.
form-lead-bare = Una aplicación quiere usar { $connector } por usted. No necesita ni clave ni contraseña.
form-faults = Falta algo o algo no puede ser correcto. Todavía no se ha guardado nada.
form-refused = { $connector } no lo ha aceptado. Compruébelo y escríbalo otra vez: no se ha guardado nada.
form-unclear = No se ha podido preguntar a { $connector } si funciona, así que no se ha guardado nada. Inténtelo otra vez dentro de un minuto.
form-optional = (opcional)
form-choose = Elija…
form-submit = Comprobar y conectar
form-submit-bare = Conectar
form-kept = Lo que escriba se prueba ahora en { $connector }, se guarda cifrado en este servidor y no va a ningún otro sitio. Esta página no vuelve a mostrarlo.
form-elsewhere = Lo que escriba va a { $hosts }, que no es de { $connector }. Así lo han dispuesto quienes administran este servidor. Continúe solo si conoce ese lugar.
form-elsewhere-here = Lo que escriba va a { $hosts }, que no es de { $connector }, sino un lugar en la máquina en la que funciona este servidor.
form-bare-elsewhere = Lo que los agentes hagan aquí va a { $hosts }, que no es de { $connector }. Así lo han dispuesto quienes administran este servidor. Continúe solo si conoce ese lugar.
form-bare-elsewhere-here = Lo que los agentes hagan aquí va a { $hosts }, que no es de { $connector }, sino un lugar en la máquina en la que funciona este servidor.
fault-missing = Esto es necesario.
fault-form = Esto no se parece a lo que { $connector } tiene aquí. Compruebe que está completo y que no hay nada alrededor.
fault-long = Esto es demasiado largo.
fault-key-file = Esto no es el archivo de clave de una cuenta de servicio. Pegue el archivo JSON entero, con client_email y private_key.
fault-private-key = Esto no es una clave privada con la que se pueda firmar. Pegue el PEM entero, de BEGIN a END, sin contraseña: una clave RSA o una de P-256.

unconfirmed-title = La aplicación no le ha confirmado
unconfirmed-what = Usted inició sesión en { $connector }, y la aplicación no confirmó a tiempo que es usted. No se ha conectado nada, y se ha descartado su inicio de sesión.
unconfirmed-do = Vuelva a la aplicación, inicie sesión allí y pídale un enlace nuevo.

too-many-tries-title = Demasiados intentos
too-many-tries-what = Con este enlace se han hecho todos los intentos que admite, y ninguno ha funcionado. No se ha cambiado nada.
too-many-tries-do = Busque primero los valores correctos y pida después a la aplicación un enlace nuevo.

yours-title = Lo que ha dado a { $app }
yours-lead = Todas sus conexiones en { $app } y cómo están. Lo que ha dado en este navegador puede retirarlo aquí.
yours-link = Ver y retirar lo que ha dado
yours-withdraw = Desconectar { $connector }…
yours-withdraw-what = { $app } ya no podrá usar su cuenta: el acceso se olvida aquí y se revoca en { $connector }. Para conectar otra vez necesitará un enlace nuevo.
yours-withdraw-do = Desconectar { $connector }
yours-elsewhere = Puede desconectarlo en el navegador en el que inició sesión. O pida a la aplicación un enlace e inicie sesión primero aquí.
state-active = Conectado
state-expired = Ya no está conectado: hay que iniciar sesión otra vez
state-pending = No conectado
state-unconfirmed = Sesión iniciada, sin confirmar por la aplicación
state-disconnected = Desconectado
withdrawn-revoked = { $connector } está desconectado, y el acceso está revocado allí.
withdrawn-later = { $connector } está desconectado. El acceso se está revocando allí; eso sigue por sí solo.
withdrawn-there = { $connector } está desconectado aquí. Desde aquí no se ha podido revocar allí: quite también la aplicación en los ajustes de su cuenta de { $connector }.
withdrawn-shared = { $connector } está desconectado aquí. Otra conexión usa el mismo acceso, así que no se ha revocado allí.

instance-title = Sus conexiones en { $app }
instance-lead = Un agente de { $app } trabaja con sus propias cuentas. Así está cada una: inicie sesión donde falte y vuelva a esta página para la siguiente.
instance-all = Todo está conectado. Vuelva al agente; puede cerrar esta página.
instance-sign-in = Iniciar sesión en { $connector }
instance-others = Sus otras conexiones
instance-back-missing = Iniciar sesión donde aún falta
instance-back = Volver a todas sus conexiones
instance-until = Esta página se abre hasta el { $when }.

approve-title = ¿Puede el agente hacer esto?
approve-lead = Un agente quiere actuar en { $connector } en su nombre. Espera su decisión; todavía no se ha hecho nada.
approve-what = Lo que hará
approve-account = Su cuenta allí
approve-reads = Esto lee de { $connector } y no cambia nada.
approve-writes = Esto añade o cambia algo en { $connector }.
approve-destroys = Esto borra o sobrescribe algo en { $connector }. Puede que no se pueda deshacer.
approve-arguments = Exactamente con esto
approve-cut = … y { $count } caracteres más
approve-more = … y { $count } datos más que no se muestran aquí. Apruebe solo si los conoce.
approve-yes = Aprobar esta vez
approve-no = No permitir
approve-care = Apruebe solo lo que usted mismo haya pedido. Lo que el agente escribió arriba puede ser incorrecto o venir de otra persona.
approve-until = Puede decidir hasta el { $when }.

approved-title = Aprobado, una vez
approved-what = El agente puede hacer ahora exactamente lo que usted vio, una sola vez, en un plazo de diez minutos.
approved-do = Vuelva al agente. Si no continúa por sí mismo, dígale que lo aprobó. Puede cerrar esta página.

not-approved-title = No permitido
not-approved-what = Se le dijo que no al agente. No se hizo nada.
not-approved-do = Puede cerrar esta página. Si fue un error, pídaselo otra vez al agente dentro de diez minutos.

other-person-title = No en este navegador
other-person-what = Solo puede decidir la persona dueña de la cuenta, en el navegador en el que se inició la sesión de esa cuenta. Lo que el agente quiere no se muestra aquí.
other-person-do = Abra el enlace en aquel navegador. Si ya no lo tiene, pida a la aplicación un enlace para iniciar sesión, inicie sesión aquí y abra este enlace otra vez.

agent-title = ¿Dejar que { $agent } entre en { $app }?
agent-lead = { $agent } quiere trabajar con sus propias cuentas, en su nombre, a través de { $app }. Si acepta, inicia sesión en { $provider }, para que conste quién es usted.
agent-name = Se llama a sí mismo
agent-host = Quién responde de ello
agent-nobody = Nadie: cualquier programa podría llamarse así
agent-answered = Dónde se le deja entrar
agent-here = Un programa en este ordenador
agent-care = Siga solo si acaba de conectar este agente usted mismo. Si alguien le ha enviado aquí, sería esa persona quien usaría sus cuentas.
agent-yes = Seguir a { $provider }
agent-no = No permitir

agent-wrong-title = A esto no se puede responder
agent-wrong-what = El agente que le ha enviado aquí ha pedido algo que no existe o que no puede tener ({ $parameter }). No se ha hecho nada.
agent-wrong-do = Vuelva al agente y conéctelo de nuevo, con la dirección que la app le da ahora.

agent-stale-title = Empiece de nuevo en el agente
agent-stale-what = Este inicio de sesión ha tardado demasiado, se empezó en otro navegador o su cookie ya no está. No se ha dejado entrar a nadie.
agent-stale-do = Vuelva al agente y conéctelo otra vez, en un solo navegador y en un plazo de diez minutos.

agent-not-signed-in-title = No se ha iniciado su sesión
agent-not-signed-in-what = El lugar donde inicia sesión no ha dicho quién es usted. No se ha dejado entrar a nadie.
agent-not-signed-in-do = Vuelva al agente e inténtelo otra vez. Si tampoco funciona, dígaselo a quienes llevan la app.

agent-somebody-else-title = Esto es de otra persona
agent-somebody-else-what = Ha iniciado sesión, pero el servidor que el agente ha pedido es de otra persona. No se ha dejado entrar a nadie.
agent-somebody-else-do = Si tiene varias cuentas, cierre allí la sesión y entre con la correcta. Si no, tome la dirección que la app le muestra a usted mismo.
